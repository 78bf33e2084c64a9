import type { CreateKernel, NamedTensors, PreparedBatch } from '@aerie/engine';
import type { TensorItem, TensorResult } from './types.js';

/** Runs in a replica's thread: one request per run, because the model's dimensions are unknown. */
export const createKernel: CreateKernel<TensorItem, TensorResult, unknown> = () => ({
  prepare(items: readonly TensorItem[]): PreparedBatch<unknown> {
    const [item] = items;
    if (item === undefined || items.length > 1)
      throw new Error('A tensor model runs one request at a time. This is a bug.');
    return { feeds: item.inputs, state: null };
  },
  finish: (outputs: NamedTensors) => ({ results: [{ ok: true, value: { outputs } }] }),
});
