import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceSession } from '../kernel.js';
import type { Tensor } from '../tensor.js';
import { onnxModel } from '../testing/onnx-models.js';
import { newNode } from './graph/model-graph.js';
import { createSession } from './onnx-session.module.js';

const numbers = (...values: number[]): Tensor => ({
  dtype: 'float32',
  dims: [values.length],
  data: new Float32Array(values),
});

describe('a session that is given memory for its outputs', () => {
  let directory: string;
  let session: InferenceSession;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'aerie-session-'));
    const modelPath = join(directory, 'model.onnx');
    const nodes = [newNode({ op: 'Neg', inputs: ['x'], output: 'y' })];
    await writeFile(modelPath, onnxModel({ nodes, inputShape: ['N'] }));
    const provider = { name: 'cpu', deviceId: null };
    session = await createSession({ modelPath, provider, intraOpThreads: 1, spinMicroseconds: 50 });
  });

  afterAll(async () => {
    await session.release();
    await rm(directory, { recursive: true });
  });

  it('writes them there, within a larger buffer too', async () => {
    const memory = new Float32Array(5);
    const y: Tensor = { dtype: 'float32', dims: [3], data: memory.subarray(1, 4) };
    const outputs = await session.run({ x: numbers(1, 2, 3) }, { y });
    expect(outputs).toEqual({ y });
    expect([...memory]).toEqual([0, -1, -2, -3, 0]);
  });

  it('gives outputs that are not named memory of their own', async () => {
    const { y } = await session.run({ x: numbers(1, 2) }, {});
    expect([...(y?.data as Float32Array)]).toEqual([-1, -2]);
  });

  it('refuses memory of other dimensions', async () => {
    await expect(session.run({ x: numbers(1, 2, 3) }, { y: numbers(0, 0) })).rejects.toThrow(
      /dimension|shape/i,
    );
  });
});
