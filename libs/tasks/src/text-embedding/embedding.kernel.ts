import type { CreateKernel, ItemResult, NamedTensors, PreparedBatch, Tensor } from '@aerie/engine';
import { pool } from './pooling.js';
import { TextTokenizer, type TokenizedText } from './text-tokenizer.js';
import type { EmbeddingItem, EmbeddingResult } from './types.js';

interface KernelOptions {
  readonly tokenizerPath: string;
  readonly tokenizerConfigPath: string | null;
  readonly maxTokens: number;
  readonly pooling: 'mean' | 'cls';
  readonly normalize: boolean;
}

/** State of a batch for `finish`: the results of refused items, and the token count of each row that ran. */
interface BatchState {
  readonly results: (ItemResult<EmbeddingResult> | undefined)[];
  readonly rowTokens: readonly number[];
}

/**
 * Runs in a replica's thread. Inputs: int64 [batch, tokens] `input_ids`, `attention_mask` and, if the model has
 * it, `token_type_ids`; output: float32 [batch, tokens, dimensions], or [batch, dimensions] if already pooled.
 */
export const createKernel: CreateKernel<EmbeddingItem, EmbeddingResult, KernelOptions> = ({
  session,
  options,
}) => {
  const tokenizer = new TextTokenizer(options.tokenizerPath, options.tokenizerConfigPath, options.maxTokens);
  const inputNames = new Set(session.inputs.map(({ name }) => name));
  const output = session.outputs[0]?.name ?? '';

  return {
    prepare(items: readonly EmbeddingItem[]): PreparedBatch<unknown> {
      const results: (ItemResult<EmbeddingResult> | undefined)[] = [];
      const rows: (readonly number[])[] = [];
      for (const item of items) {
        const tokenized = tokenizer.tokenize(item.text, item.truncate);
        const unknown = typeof item.text === 'string' ? undefined : tokenizer.unknownToken(item.text);
        const refused =
          unknown === undefined ? refusalOf(tokenized, options.maxTokens) : refusal(notInVocabulary(unknown));
        if (tokenized.fits && refused === undefined) rows.push(tokenized.ids);
        results.push(refused);
      }
      const state: BatchState = { results, rowTokens: rows.map((ids) => ids.length) };
      return { feeds: rows.length === 0 ? null : toFeeds(rows, inputNames), state };
    },

    finish(outputs: NamedTensors, opaque: unknown) {
      const { results, rowTokens } = opaque as BatchState;
      const vectors = rowTokens.length === 0 ? [] : pool(tensorOf(outputs, output), rowTokens, options);
      let row = 0;
      return {
        results: results.map((refused): ItemResult<EmbeddingResult> => {
          if (refused !== undefined) return refused;
          const value = { embedding: vectors[row] ?? new Float32Array(), tokens: rowTokens[row] ?? 0 };
          row++;
          return { ok: true, value };
        }),
        transfer: vectors.map((vector) => vector.buffer as ArrayBuffer),
      };
    },
  };
};

function toFeeds(rows: readonly (readonly number[])[], names: ReadonlySet<string>): NamedTensors {
  const width = Math.max(...rows.map((ids) => ids.length));
  const dims = [rows.length, width];
  const ids = new BigInt64Array(rows.length * width);
  const mask = new BigInt64Array(rows.length * width);
  rows.forEach((row, index) => {
    row.forEach((id, position) => {
      ids[index * width + position] = BigInt(id);
    });
    mask.fill(1n, index * width, index * width + row.length);
  });
  const feeds: Record<string, Tensor> = {
    input_ids: { dtype: 'int64', dims, data: ids },
    attention_mask: { dtype: 'int64', dims, data: mask },
  };
  if (names.has('token_type_ids')) {
    feeds.token_type_ids = { dtype: 'int64', dims, data: new BigInt64Array(rows.length * width) };
  }
  return feeds;
}

function tensorOf(outputs: NamedTensors, name: string): Tensor {
  const tensor = outputs[name];
  if (tensor === undefined) throw new Error(`The model returned no output "${name}".`);
  return tensor;
}

function notInVocabulary(id: number): string {
  return `has the token id ${id}, which the vocabulary of this model does not have; send texts, or ids of this model's own tokenizer`;
}

function refusalOf(text: TokenizedText, limit: number): ItemResult<never> | undefined {
  if (text.fits) {
    // Possible with a tokenizer without special tokens: an empty row would fail the run of the whole batch.
    return text.ids.length > 0 ? undefined : refusal('has no tokens that the model knows');
  }
  const count = text.exact ? String(text.tokens) : `more than ${String(text.tokens)}`;
  return refusal(`has ${count} tokens, the limit is ${String(limit)}; shorten it or send "truncate": true`);
}

function refusal(message: string): ItemResult<never> {
  return { ok: false, code: 'INVALID_INPUT', message };
}
