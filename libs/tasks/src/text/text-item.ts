/** A text that is not blank, or its token ids in the model's own vocabulary, special tokens included. */
export type TextOrTokens = string | readonly number[];

/** A text for a model. */
export interface TextItem {
  readonly text: TextOrTokens;
  /** Whether a text over the model's limit is cut; otherwise it is refused. A number cuts at so many tokens. */
  readonly truncate: boolean | number;
}
