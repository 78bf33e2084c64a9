import type { TextItem } from '../text/text-item.js';

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
  readonly item: TextItem;
  readonly result: EmbeddingResult;
  readonly details: EmbeddingDetails;
}
