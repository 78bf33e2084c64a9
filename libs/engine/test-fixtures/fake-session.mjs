/**
 * Stands in for ONNX Runtime in replicas' threads. The model path says how it behaves: `broken` does not load,
 * `slow` never finishes loading. Providers `cuda` and `tensorrt` are never available. A run doubles `x`.
 */
export async function createSession({ modelPath, provider, intraOpThreads }) {
  if (provider.name === 'cuda' || provider.name === 'tensorrt')
    throw new Error(`${provider.name} is not available`);
  if (modelPath.includes('broken')) throw new Error(`cannot read ${modelPath}`);
  if (modelPath.includes('slow')) await new Promise(() => setInterval(() => undefined, 1_000_000));
  return {
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch'] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['batch'] }],
    provider: provider.name,
    handles: null,
    handOver: () => undefined,
    intraOpThreads,
    run: async ({ x }) => {
      if (x.data[0] === -1) throw new Error('the session failed at /secret/model.onnx');
      return { y: { ...x, data: x.data.map((value) => value * 2) } };
    },
    release: async () => {
      if (globalThis.released !== undefined) Atomics.add(globalThis.released, 0, 1);
    },
  };
}
