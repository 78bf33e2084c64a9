import type { InferenceSession, NamedTensors, Tensor } from '@aerie/engine';
import { writeDecodeBias, writePrefillBias } from './attention-bias.js';
import type { DecodeBatch, Decoder, KvBlock } from './decoder.js';
import { KvBuffer } from './kv-buffer.js';
import { OutputBuffers } from './output-buffers.js';

/** Options for an {@link ExternalKvDecoder}. */
export interface ExternalKvOptions {
  /** Query heads per key-value head. */
  readonly groups: number;
  readonly maxRows: number;
  /** Maximum number of tokens in a row. */
  readonly maxTokens: number;
}

/** A decoder whose key-value cache is an input only; the graph's contract is in `models/README.md`. */
export class ExternalKvDecoder implements Decoder {
  readonly canShare = true;
  readonly vocabSize: number;
  readonly #session: InferenceSession;
  readonly #kv: KvBuffer;
  readonly #groups: number;
  readonly #newNames: readonly string[];
  readonly #outputs: OutputBuffers;
  /** Batches for reproducible results have at least this many rows: a single one may take another kernel. */
  #reproducibleRows = 2;
  /** Past tensors of the last decode step, which stay the same until rows or capacity change. */
  #pastFeeds: { readonly rows: number; readonly capacity: number; readonly feeds: NamedTensors } | null =
    null;

  constructor(session: InferenceSession, options: ExternalKvOptions) {
    const past = session.inputs.find(({ name }) => name === 'past.0.key');
    const layers = session.inputs.filter(({ name }) => /^past\.\d+\.key$/.test(name)).length;
    this.#session = session;
    this.#groups = options.groups;
    this.#kv = new KvBuffer({
      layers,
      heads: fixedDimension(past?.shape[1], 'past.0.key heads'),
      headSize: fixedDimension(past?.shape[3], 'past.0.key head size'),
      maxRows: options.maxRows,
      maxTokens: options.maxTokens,
    });
    this.vocabSize = fixedDimension(
      session.outputs.find(({ name }) => name === 'logits')?.shape[2],
      'vocabulary',
    );
    this.#newNames = Array.from({ length: layers }, (_, layer) => [
      `new.${layer}.key`,
      `new.${layer}.value`,
    ]).flat();
    const { heads, headSize } = this.#kv.shape;
    this.#outputs = new OutputBuffers({
      vocabSize: this.vocabSize,
      newNames: this.#newNames,
      heads,
      headSize,
    });
  }

  /** Whether a session follows the external-KV contract. */
  static fits(session: InferenceSession): boolean {
    const names = new Set(session.inputs.map(({ name }) => name));
    return names.has('past.0.key') && names.has('attn_bias') && names.has('position_ids');
  }

  get bytesPerToken(): number {
    return this.#kv.bytesPerToken;
  }

  get lengths(): Readonly<Int32Array> {
    return this.#kv.lengths;
  }

  usedBytes(): number {
    return this.#kv.usedBytes();
  }

  async prefill(row: number, tokens: readonly number[]): Promise<Float32Array> {
    const length = this.lengths[row] as number;
    const count = tokens.length;
    this.#fit(length + count);
    // A first chunk has no past: an empty tensor costs nothing at any capacity.
    const capacity = length === 0 ? 0 : this.#kv.capacity;
    const bias = new Float32Array(count * this.#groups * (capacity + count));
    writePrefillBias(bias, this.#groups, capacity, length, count);
    const feeds = {
      ...this.#past(row, 1, capacity),
      input_ids: integers(tokens, [1, count]),
      position_ids: integers(
        tokens.map((_, i) => length + i),
        [1, count],
      ),
      attn_bias: { dtype: 'float32', dims: [1, 1, count * this.#groups, capacity + count], data: bias },
    } as const;
    const outputs = await this.#session.run(feeds, this.#outputs.tensors(1, count));
    this.#kv.append(row, this.#newKeys(outputs), 0, count);
    return floats(outputs, 'logits');
  }

  /**
   * Runs a short text with one row and with two. Fails if the options do not fit the graph. If the logits are the same,
   * a single row is computed like several, and reproducible batches need no padding: a difference in any operator
   * would have reached the logits.
   */
  async tryOut(): Promise<void> {
    const [alone, padded] = [await this.#tryRows(1), await this.#tryRows(2)];
    this.#reproducibleRows = alone.every((logit, id) => logit === padded[id]) ? 1 : 2;
  }

  decode({ tokens, reproducible }: DecodeBatch): Promise<Float32Array> {
    return this.#decode(tokens, Math.max(tokens.length, reproducible ? this.#reproducibleRows : 1));
  }

  async #tryRows(rows: number): Promise<Float32Array> {
    try {
      await this.prefill(0, [0, 0]);
      const logits = await this.#decode([0], rows);
      return logits.slice(0, this.vocabSize);
    } finally {
      this.clear(0);
    }
  }

  /** Decodes with so many rows; those without a token are padding. */
  async #decode(tokens: readonly number[], rows: number): Promise<Float32Array> {
    const padding = Array.from({ length: rows - tokens.length }, () => 0);
    this.#fit(Math.max(...this.lengths.subarray(0, tokens.length)) + 1);
    const { capacity } = this.#kv;
    if (this.#pastFeeds?.rows !== rows || this.#pastFeeds.capacity !== capacity) {
      this.#pastFeeds = { rows, capacity, feeds: this.#past(0, rows, capacity) };
    }
    const bias = new Float32Array(rows * this.#groups * (capacity + 1));
    const positions = [...this.lengths.subarray(0, tokens.length), ...padding];
    positions.forEach((length, row) => {
      writeDecodeBias(bias, row, this.#groups, capacity, length);
    });
    const feeds = {
      ...this.#pastFeeds.feeds,
      input_ids: integers([...tokens, ...padding], [rows, 1]),
      position_ids: integers(positions, [rows, 1]),
      attn_bias: { dtype: 'float32', dims: [rows, 1, this.#groups, capacity + 1], data: bias },
    } as const;
    const outputs = await this.#session.run(feeds, this.#outputs.tensors(rows, 1));
    const keys = this.#newKeys(outputs);
    for (let row = 0; row < tokens.length; row++) this.#kv.append(row, keys, row, 1);
    return floats(outputs, 'logits');
  }

  clear(row: number): void {
    this.#kv.clear(row);
    if (this.#kv.capacity === 0) this.#pastFeeds = null;
  }

  scrub(row: number): void {
    this.#kv.scrub(row);
  }

  copyRow(from: number, to: number): void {
    this.#kv.copyRow(from, to);
  }

  swapRows(a: number, b: number): void {
    this.#kv.swapRows(a, b);
  }

  exportBlock(row: number, start: number, count: number): KvBlock {
    return this.#kv.exportBlock(row, start, count);
  }

  importBlock(row: number, block: KvBlock, blockTokens: number, count: number): void {
    this.#fit((this.lengths[row] as number) + count);
    this.#kv.importBlock(row, block, blockTokens, count);
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  /** Makes room for `tokens` in this row, and for the tokens of the other rows. */
  #fit(tokens: number): void {
    this.#kv.fit(Math.max(tokens, ...this.lengths));
  }

  #past(firstRow: number, rows: number, capacity: number): NamedTensors {
    const { heads, headSize, layers } = this.#kv.shape;
    const feeds: Record<string, Tensor> = {};
    for (let layer = 0; layer < layers; layer++) {
      for (const [part, name] of [
        [0, `past.${layer}.key`],
        [1, `past.${layer}.value`],
      ] as const) {
        const data = capacity === 0 ? new Float32Array(0) : this.#kv.view(layer, part, firstRow, rows);
        feeds[name] = { dtype: 'float32', dims: [rows, heads, capacity, headSize], data };
      }
    }
    return feeds;
  }

  #newKeys(outputs: NamedTensors): Float32Array[] {
    return this.#newNames.map((name) => floats(outputs, name));
  }
}

function integers(values: readonly number[], dims: readonly number[]): Tensor {
  return { dtype: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}

function floats(outputs: NamedTensors, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array))
    throw new Error(`the model's output ${name} is not float32. This is a bug.`);
  return data;
}

function fixedDimension(dimension: number | string | undefined, what: string): number {
  if (typeof dimension === 'number' && dimension > 0) return dimension;
  throw new Error(`the model's ${what} must be a fixed number, got ${String(dimension)}`);
}
