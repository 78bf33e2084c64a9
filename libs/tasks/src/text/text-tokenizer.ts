import { readTextFile } from '@aerie/runtime';
import * as tokenizers from '@huggingface/tokenizers';
import type { TextOrTokens } from './text-item.js';

interface Encoder {
  encode(text: string): { readonly ids: readonly number[] };
  id_to_token(id: number): string | undefined;
}

// The package's types import one another without file extensions, which Node's resolution does not support.
const { Tokenizer } = tokenizers as unknown as {
  readonly Tokenizer: new (definition: object, config: object) => Encoder;
};

/** A text as token ids, or how far over the limit it is. */
export type TokenizedText =
  | { readonly fits: true; readonly ids: readonly number[] }
  /** `tokens` counts what was read before giving up; `exact` says whether that was the whole text. */
  | { readonly fits: false; readonly tokens: number; readonly exact: boolean };

/** Characters read first for each token of the limit; most texts that fit are shorter. */
const CHARACTERS_PER_TOKEN = 8;

/**
 * Tokenizes single texts up to a limit. The `truncation` and `padding` that a tokenizer.json carries are dropped:
 * they would cut at another limit and make every text cost the padded length.
 */
export class TextTokenizer {
  readonly #tokenizer: Encoder;
  readonly #maxTokens: number;
  /** Special tokens that the tokenizer puts behind a text, such as [SEP]. */
  readonly #suffix: readonly number[];

  constructor(tokenizerPath: string, configPath: string | null, maxTokens: number) {
    const definition = JSON.parse(readTextFile(tokenizerPath)) as object;
    const config = configPath === null ? {} : (JSON.parse(readTextFile(configPath)) as object);
    this.#tokenizer = new Tokenizer({ ...definition, truncation: null, padding: null }, config);
    this.#maxTokens = maxTokens;
    this.#suffix = commonSuffix(this.#encode(''), this.#encode('a'));
  }

  /**
   * Reads only as much of a long text as the decision needs. Token ids are taken as they are.
   *
   * @param truncate whether a text over the limit is cut; a number cuts at so many tokens
   */
  tokenize(text: TextOrTokens, truncate: boolean | number): TokenizedText {
    const limit = typeof truncate === 'number' ? Math.min(truncate, this.#maxTokens) : this.#maxTokens;
    if (typeof text !== 'string') {
      if (text.length <= limit) return { fits: true, ids: text };
      return truncate === false
        ? { fits: false, tokens: text.length, exact: true }
        : { fits: true, ids: text.slice(0, limit) };
    }
    let length = limit * CHARACTERS_PER_TOKEN;
    for (;;) {
      const whole = length >= text.length;
      const ids = this.#encode(whole ? text : text.slice(0, length));
      if (whole && ids.length <= limit) return { fits: true, ids };
      // Cutting the text can change the tokens of its last word: only trust a prefix that goes well beyond the limit.
      if (whole || ids.length > limit * 2) {
        if (truncate === false) return { fits: false, tokens: ids.length, exact: whole };
        return { fits: true, ids: this.#cut(ids, limit) };
      }
      length *= 2;
    }
  }

  /** The first of some token ids that the vocabulary does not have. */
  unknownToken(ids: readonly number[]): number | undefined {
    return ids.find((id) => this.#tokenizer.id_to_token(id) === undefined);
  }

  #cut(ids: readonly number[], limit: number): readonly number[] {
    return [...ids.slice(0, Math.max(0, limit - this.#suffix.length)), ...this.#suffix];
  }

  #encode(text: string): readonly number[] {
    return this.#tokenizer.encode(text).ids;
  }
}

function commonSuffix(a: readonly number[], b: readonly number[]): readonly number[] {
  let length = 0;
  while (length < a.length && a.at(-1 - length) === b.at(-1 - length)) length++;
  return a.slice(a.length - length);
}
