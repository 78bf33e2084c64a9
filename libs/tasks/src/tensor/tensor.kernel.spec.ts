import type { InferenceSession, NamedTensors } from '@aerie/engine';
import { expect, it } from '@jest/globals';
import { createKernel } from './tensor.kernel.js';

const SESSION: InferenceSession = {
  inputs: [],
  outputs: [],
  provider: 'cpu',
  handles: null,
  handOver: () => undefined,
  run: () => Promise.reject(new Error('A kernel never runs the session.')),
  release: () => Promise.resolve(),
};
const TENSORS: NamedTensors = { x: { dtype: 'int8', dims: [2], data: Int8Array.of(1, 2) } };

it("a tensor model is fed with the caller's tensors and answers with its own", async () => {
  const { prepare, finish } = await createKernel({ session: SESSION, options: {} });
  const { feeds, state } = prepare([{ inputs: TENSORS }]);
  expect(feeds).toBe(TENSORS);
  expect(finish(TENSORS, state).results).toEqual([{ ok: true, value: { outputs: TENSORS } }]);
});

it('a tensor model takes one request at a time', async () => {
  const { prepare } = await createKernel({ session: SESSION, options: {} });
  expect(() => prepare([])).toThrow('This is a bug');
  expect(() => prepare([{ inputs: TENSORS }, { inputs: TENSORS }])).toThrow('This is a bug');
});
