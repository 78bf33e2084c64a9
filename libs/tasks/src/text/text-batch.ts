import type { InferenceSession, ItemResult, NamedTensors, PreparedBatch, Tensor } from '@aerie/engine';
import type { TextItem } from './text-item.js';
import type { TokenizerOptions } from './text-options.js';
import { TextTokenizer, type TokenizedText } from './text-tokenizer.js';

/** State of a batch for `finish`. */
export interface TextBatch<Item extends TextItem = TextItem> {
  /** The results of refused items; undefined for those that run. */
  readonly refused: readonly (ItemResult<never> | undefined)[];
  /** The items that run, each in a row, and the tokens of each row. */
  readonly rows: readonly { readonly item: Item; readonly tokens: number }[];
}

/**
 * Inputs of a model that reads texts: int64 [batch, tokens] `input_ids`, `attention_mask` and, if the model has it,
 * `token_type_ids`.
 */
export class TextInputs {
  readonly #tokenizer: TextTokenizer;
  readonly #maxTokens: number;
  readonly #names: ReadonlySet<string>;

  constructor({ inputs }: Pick<InferenceSession, 'inputs'>, options: TokenizerOptions) {
    const { tokenizerPath, tokenizerConfigPath, maxTokens } = options;
    this.#tokenizer = new TextTokenizer(tokenizerPath, tokenizerConfigPath, maxTokens);
    this.#maxTokens = maxTokens;
    this.#names = new Set(inputs.map(({ name }) => name));
  }

  /** Tokenizes the items; the state is a {@link TextBatch}. */
  prepare(items: readonly TextItem[]): PreparedBatch<unknown> {
    const refused: (ItemResult<never> | undefined)[] = [];
    const rows: TextBatch['rows'][number][] = [];
    const ids: (readonly number[])[] = [];
    for (const item of items) {
      const tokenized = this.#tokenizer.tokenize(item.text, item.truncate);
      const refusal = this.#refusalOf(item, tokenized);
      if (tokenized.fits && refusal === undefined) {
        rows.push({ item, tokens: tokenized.ids.length });
        ids.push(tokenized.ids);
      }
      refused.push(refusal);
    }
    const state: TextBatch = { refused, rows };
    return { feeds: ids.length === 0 ? null : this.#toFeeds(ids), state };
  }

  #refusalOf({ text }: TextItem, tokenized: TokenizedText): ItemResult<never> | undefined {
    const unknown = typeof text === 'string' ? undefined : this.#tokenizer.unknownToken(text);
    if (unknown !== undefined) {
      return refusal(
        `has the token id ${unknown}, which the vocabulary of this model does not have; send texts, or ids of this model's own tokenizer`,
      );
    }
    if (!tokenized.fits) {
      const count = tokenized.exact ? String(tokenized.tokens) : `more than ${String(tokenized.tokens)}`;
      return refusal(
        `has ${count} tokens, the limit is ${String(this.#maxTokens)}; shorten it or send "truncate": true`,
      );
    }
    // Possible with a tokenizer without special tokens: an empty row would fail the run of the whole batch.
    return tokenized.ids.length > 0 ? undefined : refusal('has no tokens that the model knows');
  }

  #toFeeds(rows: readonly (readonly number[])[]): NamedTensors {
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
    if (this.#names.has('token_type_ids')) {
      feeds.token_type_ids = { dtype: 'int64', dims, data: new BigInt64Array(rows.length * width) };
    }
    return feeds;
  }
}

/** The results of all items in order, of the values of the rows that ran. */
export function inItemOrder<Value>(
  { refused }: TextBatch,
  values: readonly Value[],
): readonly ItemResult<Value>[] {
  let row = 0;
  return refused.map((refusal) => refusal ?? { ok: true, value: values[row++] as Value });
}

function refusal(message: string): ItemResult<never> {
  return { ok: false, code: 'INVALID_INPUT', message };
}
