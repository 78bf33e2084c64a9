/** A text that is not blank, or its token ids in the model's own vocabulary, special tokens included. */
export type TextOrTokens = string | readonly number[];

/** One text to embed. */
export interface EmbeddingItem {
  readonly text: TextOrTokens;
  /** Whether a text over the model's limit is cut; otherwise it is refused. A number cuts at so many tokens. */
  readonly truncate: boolean | number;
}

/** The vector of one text. */
export interface EmbeddingResult {
  /** float32 [dimensions]; of length 1 if the model's options say so. */
  readonly embedding: Float32Array;
  /** Tokens that were run, including special tokens. */
  readonly tokens: number;
}

/** Properties of a model for the embed use case. */
export interface EmbeddingDetails {
  /** Maximum tokens of a text, including special tokens. */
  readonly maxTokens: number;
}

/** Types of the task. */
export interface EmbeddingTypes {
  readonly item: EmbeddingItem;
  readonly result: EmbeddingResult;
  readonly details: EmbeddingDetails;
}
