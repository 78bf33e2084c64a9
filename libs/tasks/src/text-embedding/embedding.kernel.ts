import type { CreateKernel, NamedTensors, Tensor } from '@aerie/engine';
import { type TextBatch, TextInputs, inItemOrder } from '../text/text-batch.js';
import type { TextItem } from '../text/text-item.js';
import type { TokenizerOptions } from '../text/text-options.js';
import { type PoolingOptions, pool } from './pooling.js';
import type { EmbeddingResult } from './types.js';

/** The options that are sent to the replica's thread. */
type KernelOptions = TokenizerOptions & PoolingOptions;

/**
 * Runs in a replica's thread. Inputs: see {@link TextInputs}; output: float32 [batch, tokens, dimensions], or
 * [batch, dimensions] if already pooled.
 */
export const createKernel: CreateKernel<TextItem, EmbeddingResult, KernelOptions> = ({
  session,
  options,
}) => {
  const inputs = new TextInputs(session, options);
  const output = session.outputs[0]?.name ?? '';

  return {
    prepare: (items) => inputs.prepare(items),

    finish(outputs: NamedTensors, state: unknown) {
      const batch = state as TextBatch;
      const tokens = batch.rows.map((row) => row.tokens);
      const vectors = tokens.length === 0 ? [] : pool(tensorOf(outputs, output), tokens, options);
      const values = vectors.map((embedding, row) => ({ embedding, tokens: tokens[row] ?? 0 }));
      return {
        results: inItemOrder(batch, values),
        transfer: vectors.map((vector) => vector.buffer as ArrayBuffer),
      };
    },
  };
};

function tensorOf(outputs: NamedTensors, name: string): Tensor {
  const tensor = outputs[name];
  if (tensor === undefined) throw new Error(`The model returned no output "${name}".`);
  return tensor;
}
