import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceSession } from './kernel.js';
import { createSession as createNativeSession } from './native/native-session-factory.js';
import { newNode } from './onnx/graph/model-graph.js';
import { createSession as createNodeSession } from './onnx/node-session-factory.js';
import type { Tensor, TensorData, TensorDataType } from './tensor.js';
import { onnxModel, type SmallModel } from './testing/onnx-models.js';

/** An element type, its number in TensorProto.DataType, and some elements. */
const TYPES: readonly (readonly [TensorDataType, number, TensorData])[] = [
  ['float32', 1, new Float32Array([1.5, -0, Number.NaN, 3e38])],
  ['uint8', 2, new Uint8Array([0, 1, 127, 255])],
  ['int8', 3, new Int8Array([-128, -1, 0, 127])],
  ['uint16', 4, new Uint16Array([0, 1, 2, 65_535])],
  ['int16', 5, new Int16Array([-32_768, -1, 0, 32_767])],
  ['int32', 6, new Int32Array([-2_147_483_648, -1, 0, 2_147_483_647])],
  ['int64', 7, new BigInt64Array([-(2n ** 63n), -1n, 2n ** 53n + 1n, 2n ** 63n - 1n])],
  ['string', 8, ['', 'grüße', '東京', 'a b']],
  ['bool', 9, new Uint8Array([1, 0, 0, 1])],
  ['float16', 10, new Uint16Array([0x3c00, 0xbc00, 0x7c00, 1])],
  ['float64', 11, new Float64Array([1e300, -1.25, Infinity, 0])],
  ['uint32', 12, new Uint32Array([0, 1, 2, 4_294_967_295])],
  ['uint64', 13, new BigUint64Array([0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n])],
];

const identity = [newNode({ op: 'Identity', inputs: ['x'], output: 'y' })];
const negation = [newNode({ op: 'Neg', inputs: ['x'], output: 'y' })];
const numbers = (...values: number[]): Tensor => ({
  dtype: 'float32',
  dims: [values.length],
  data: new Float32Array(values),
});

describe.each([
  ['native', createNativeSession],
  ['node', createNodeSession],
] as const)('a session of the %s binding', (_name, createSession) => {
  let directory: string;
  let count = 0;
  const sessions: InferenceSession[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'aerie-session-'));
  });

  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.release();
  });

  afterAll(() => rm(directory, { recursive: true }));

  async function open(model: SmallModel): Promise<InferenceSession> {
    const modelPath = join(directory, `${String(count++)} ü.onnx`);
    await writeFile(modelPath, onnxModel(model));
    const provider = { name: 'cpu', deviceId: null };
    const session = await createSession({ modelPath, provider, intraOpThreads: 1, spinMicroseconds: 50 });
    sessions.push(session);
    return session;
  }

  it('describes its inputs and outputs', async () => {
    const { inputs, outputs, provider } = await open({ nodes: identity, inputShape: ['N', 3, ''] });
    expect(inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['N', 3, -1] }]);
    expect(outputs).toMatchObject([{ name: 'y', dtype: 'float32' }]);
    expect(provider).toBe('cpu');
  });

  it.each(TYPES)('takes and gives %s', async (dtype, elemType, data) => {
    const session = await open({ nodes: identity, inputShape: ['N', 2], elemType });
    const { y } = await session.run({ x: { dtype, dims: [2, 2], data } });
    expect(y).toEqual({ dtype, dims: [2, 2], data });
  });

  it.each(TYPES)('takes and gives no %s at all', async (dtype, elemType, data) => {
    const session = await open({ nodes: identity, inputShape: ['N'], elemType });
    const { y } = await session.run({ x: { dtype, dims: [0], data: data.slice(0, 0) } });
    expect(y).toEqual({ dtype, dims: [0], data: data.slice(0, 0) });
  });

  it('accepts and returns scalars', async () => {
    const session = await open({ nodes: negation, inputShape: [] });
    const { y } = await session.run({ x: { dtype: 'float32', dims: [], data: new Float32Array([2]) } });
    expect(y).toEqual({ dtype: 'float32', dims: [], data: new Float32Array([-2]) });
  });

  it('accepts elements within a larger buffer', async () => {
    const session = await open({ nodes: negation, inputShape: ['N'] });
    const memory = new Float32Array([1, 2, 3, 4]);
    const { y } = await session.run({ x: { dtype: 'float32', dims: [2], data: memory.subarray(1, 3) } });
    expect([...(y?.data as Float32Array)]).toEqual([-2, -3]);
  });

  it('allocates outputs that later runs do not change', async () => {
    const session = await open({ nodes: negation, inputShape: ['N'] });
    const first = await session.run({ x: numbers(1, 2) });
    await session.run({ x: numbers(3, 4) });
    expect(first.y).toEqual(numbers(-1, -2));
  });

  it('writes outputs into given memory, even within a larger buffer', async () => {
    const session = await open({ nodes: negation, inputShape: ['N'] });
    const memory = new Float32Array(5);
    const y: Tensor = { dtype: 'float32', dims: [3], data: memory.subarray(1, 4) };
    const outputs = await session.run({ x: numbers(1, 2, 3) }, { y });
    expect(outputs).toEqual({ y });
    expect([...memory]).toEqual([0, -1, -2, -3, 0]);
  });

  it('allocates outputs for which no memory was given', async () => {
    const session = await open({ nodes: negation, inputShape: ['N'] });
    const { y } = await session.run({ x: numbers(1, 2) }, {});
    expect([...(y?.data as Float32Array)]).toEqual([-1, -2]);
  });

  it.each([
    ['memory of other dimensions', { x: numbers(1, 2, 3) }, { y: numbers(0, 0) }, /dimension|shape/i],
    ['fewer elements than the dimensions have', { x: { ...numbers(1, 2), dims: [3] } }, undefined, /3/],
    [
      'an input of another type',
      { x: { dtype: 'int32' as const, dims: [1], data: new Int32Array(1) } },
      undefined,
      /type/i,
    ],
    ['an input that the model does not have', { x: numbers(1), z: numbers(1) }, undefined, /z/],
    ['a missing input', {}, undefined, /x|input/i],
    ['more dimensions than the input has', { x: { ...numbers(1), dims: [1, 1] } }, undefined, /rank|dim/i],
  ])('refuses %s, and can still run', async (_case, feeds, into, message) => {
    const session = await open({ nodes: negation, inputShape: ['N'] });
    await expect(session.run(feeds, into)).rejects.toThrow(message);
    expect((await session.run({ x: numbers(1) })).y).toEqual(numbers(-1));
  });

  it('fails to open a missing file, and a file that is not a model', async () => {
    const provider = { name: 'cpu', deviceId: null };
    const missing = { modelPath: join(directory, 'none.onnx'), provider, intraOpThreads: 1 };
    await expect(createSession(missing)).rejects.toThrow(/none\.onnx/);
    const modelPath = join(directory, 'text.onnx');
    await writeFile(modelPath, 'no model');
    await expect(createSession({ ...missing, modelPath })).rejects.toThrow();
  });

  it('fails to open on an execution provider that does not exist', async () => {
    const modelPath = join(directory, 'cuda.onnx');
    await writeFile(modelPath, onnxModel({ nodes: identity, inputShape: ['N'] }));
    const provider = { name: 'cuda', deviceId: 0 };
    await expect(createSession({ modelPath, provider, intraOpThreads: 1 })).rejects.toThrow(
      /cuda|providers_shared/i,
    );
  });
});
