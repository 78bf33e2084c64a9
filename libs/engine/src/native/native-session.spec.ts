import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryLogger } from '@aerie/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SessionControl } from '../ort-binding.js';
import { newNode } from '../onnx/graph/model-graph.js';
import type { Tensor } from '../tensor.js';
import { onnxModel } from '../testing/onnx-models.js';
import { attachSession, createSession } from './native-session-factory.js';
import { openOrtBinding } from './open-binding.js';

const numbers = (...values: number[]): Tensor => ({
  dtype: 'float32',
  dims: [values.length],
  data: new Float32Array(values),
});

describe('the native binding', () => {
  let directory: string;
  let control: SessionControl;
  let modelPath: string;
  const provider = { name: 'cpu', deviceId: null };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'aerie-native-'));
    modelPath = join(directory, 'model.onnx');
    const nodes = [newNode({ op: 'Neg', inputs: ['x'], output: 'y' })];
    await writeFile(modelPath, onnxModel({ nodes, inputShape: ['N'] }));
    const binding = await openOrtBinding({ choice: 'native', logger: new MemoryLogger() });
    if (binding.control === null) throw new Error('The native binding has control over sessions.');
    control = binding.control;
  });

  afterAll(() => rm(directory, { recursive: true }));

  it('runs a session that was handed over until its owner releases it', async () => {
    const first = await createSession({ modelPath, provider, intraOpThreads: 1 });
    first.handOver();
    const second = attachSession?.(first.handles?.session ?? 0n, 'cpu');
    await first.release();
    await expect(first.run({ x: numbers(1) })).rejects.toThrow('The session was released.');
    expect(second?.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['N'] }]);
    expect((await second?.run({ x: numbers(1) }))?.y).toEqual(numbers(-1));
    await second?.release();
    await control.releaseSession(first.handles?.session ?? 0n);
  });

  it('refuses runs that were terminated before they began, until they are allowed again', async () => {
    const session = await createSession({ modelPath, provider, intraOpThreads: 1 });
    const runOptions = session.handles?.runOptions ?? 0n;
    control.terminateRun(runOptions);
    await expect(session.run({ x: numbers(1) })).rejects.toThrow(/terminate/i);
    control.allowRuns(runOptions);
    expect((await session.run({ x: numbers(1) })).y).toEqual(numbers(-1));
    await session.release();
  });

  it('releases only once', async () => {
    const session = await createSession({ modelPath, provider, intraOpThreads: 1 });
    await session.release();
    await session.release();
  });
});

describe('opening the binding', () => {
  const missing = () => '/nowhere/libonnxruntime.so.1';

  it('falls back to the other binding if the library cannot be loaded, and says why', async () => {
    const logger = new MemoryLogger();
    const binding = await openOrtBinding({ choice: 'auto', logger, libraryPath: missing });
    expect(binding).toMatchObject({ name: 'node', control: null });
    expect(JSON.stringify(logger.of('info'))).toContain('/nowhere/libonnxruntime.so.1');
  });

  it('fails if the native one is requested by name', async () => {
    const opening = openOrtBinding({ choice: 'native', logger: new MemoryLogger(), libraryPath: missing });
    await expect(opening).rejects.toThrow(/C API cannot be used: .*\/nowhere/);
  });

  it('uses the other one on request', async () => {
    const binding = await openOrtBinding({ choice: 'node', logger: new MemoryLogger() });
    expect(binding.name).toBe('node');
  });
});
