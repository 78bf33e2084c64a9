import * as tokenizers from '@huggingface/tokenizers';

/** Converts text to token ids and back, according to a tokenizer.json. */
export interface Tokenizer {
  encode(text: string, options?: { readonly add_special_tokens?: boolean }): { readonly ids: number[] };
  decode(ids: readonly number[]): string;
}

// The package's types import one another without file extensions, which Node's resolution does not support.
const library = tokenizers as unknown as {
  readonly Tokenizer: new (definition: object, config: object) => Tokenizer;
};

/**
 * A tokenizer from parsed files.
 *
 * @param definition tokenizer.json; truncation and padding in it are ignored.
 * @param config tokenizer_config.json, or an empty object.
 */
export function createTokenizer(definition: object, config: object): Tokenizer {
  return new library.Tokenizer({ ...definition, truncation: null, padding: null }, config);
}
