/** Keys and values of consecutive tokens of one sequence, in the decoder's own order. */
export type KvBlock = Float32Array;

/** One decode step: a token for each of the rows 0..count-1. */
export interface DecodeBatch {
  /** The token to append to each row. */
  readonly tokens: readonly number[];
  /** Whether the logits must be the same bits whatever the number of rows. */
  readonly reproducible: boolean;
}

/**
 * A language model and the KV cache of its rows. A row holds the keys and values of one sequence; rows that
 * decode together are the first ones. Allows one call at a time.
 */
export interface Decoder {
  /** Number of logits per position. */
  readonly vocabSize: number;
  /** Bytes of keys and values per token. */
  readonly bytesPerToken: number;
  /** Whether rows can be exported, imported and shared between requests. */
  readonly canShare: boolean;
  /** Tokens cached in each row. */
  readonly lengths: Readonly<Int32Array>;
  /** Bytes of keys and values held for the rows in use, padding included. */
  usedBytes(): number;
  /** Appends a chunk of a prompt to one row. Returns the logits after its last token, valid until the next call. */
  prefill(row: number, tokens: readonly number[]): Promise<Float32Array>;
  /** Appends one token to each of the first rows. Returns their logits, row by row, valid until the next call. */
  decode(batch: DecodeBatch): Promise<Float32Array>;
  /** Drops the row's tokens. */
  clear(row: number): void;
  /** Overwrites everything the row holds or held, after NaN results, which would spoil later ones. */
  scrub(row: number): void;
  /** Copies the content of `from` to `to`. */
  copyRow(from: number, to: number): void;
  swapRows(a: number, b: number): void;
  /** Copies `count` tokens out of a row, beginning at `start`. */
  exportBlock(row: number, start: number, count: number): KvBlock;
  /** Appends the first `count` of a block's `blockTokens` tokens to a row. */
  importBlock(row: number, block: KvBlock, blockTokens: number, count: number): void;
  release(): Promise<void>;
}
