import { getEnvironmentData } from 'node:worker_threads';

const VOCABULARY = 49_152;

/**
 * Stands in for ONNX Runtime in the generation thread: an ordinary decoder that says token 0 for ever. The environment
 * data `gate` is an Int32Array; while its first element is 1, runs count themselves in the second and block as native
 * code would, and count themselves in the third when they come back. Provider `cuda` is never available.
 */
export async function createSession({ provider }) {
  if (provider.name === 'cuda') throw new Error('cuda is not available');
  const gate = getEnvironmentData('gate');
  const cache = (name) => ({ name, dtype: 'float32', shape: [-1, 1, -1, 1] });
  return {
    inputs: [{ name: 'input_ids', dtype: 'int64', shape: [-1, -1] }, cache('past_key_values.0.key')],
    outputs: [{ name: 'logits', dtype: 'float32', shape: [-1, -1, VOCABULARY] }, cache('present.0.key')],
    provider: provider.name,
    handles: null,
    handOver: () => undefined,
    run: async (feeds) => {
      if (gate !== undefined && Atomics.load(gate, 0) === 1) {
        Atomics.add(gate, 1, 1);
        Atomics.wait(gate, 0, 1);
        Atomics.add(gate, 2, 1);
        Atomics.notify(gate, 2);
      }
      const past = feeds['past_key_values.0.key'];
      const length = past.dims[2] + feeds.input_ids.dims[1];
      return {
        logits: { dtype: 'float32', dims: [1, 1, VOCABULARY], data: new Float32Array(VOCABULARY) },
        'present.0.key': { dtype: 'float32', dims: [1, 1, length, 1], data: new Float32Array(length) },
      };
    },
    release: async () => undefined,
  };
}
