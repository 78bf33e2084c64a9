import type { KvBlock } from './decoder.js';

/** Dimensions of a decoder's key-value cache. */
export interface KvShape {
  readonly layers: number;
  /** Key-value heads per layer. */
  readonly heads: number;
  readonly headSize: number;
  readonly maxRows: number;
  /** Maximum number of tokens in a row. */
  readonly maxTokens: number;
}

/** Capacities grow by about a quarter, in multiples of 16, so that results do not depend on the capacity. */
const CAPACITY_MULTIPLE = 16;
const SMALLEST_CAPACITY = 64;
/** Buffers larger than this are returned to the system when the last row ends. */
const KEEP_BYTES = 256 * 1024 * 1024;

/**
 * Keys and values of all rows: per layer one array of keys and one of values, laid out
 * [row, head, capacity, headSize], so that the first B rows are a tensor without a copy.
 *
 * All rows have the same capacity, which follows the longest row. Changing it moves the rows within the arrays;
 * because it grows by a quarter each time, each token costs less than copying 4 tokens. The arrays are reserved at
 * their maximum size: memory that was never written is not resident.
 */
export class KvBuffer {
  readonly shape: KvShape;
  readonly lengths: Int32Array;
  #arrays: Float32Array[] = [];
  #capacity = 0;
  #highWaterBytes = 0;

  constructor(shape: KvShape) {
    this.shape = shape;
    this.lengths = new Int32Array(shape.maxRows);
  }

  /** Current capacity of each row, in tokens. */
  get capacity(): number {
    return this.#capacity;
  }

  get bytesPerToken(): number {
    const { layers, heads, headSize } = this.shape;
    return 2 * layers * heads * headSize * Float32Array.BYTES_PER_ELEMENT;
  }

  usedBytes(): number {
    return this.#usedRows() * this.#capacity * this.bytesPerToken;
  }

  /**
   * The first `rows` rows of a layer's keys (`part` 0) or values (`part` 1) from `firstRow` on, without a copy.
   * Valid until the capacity changes.
   */
  view(layer: number, part: 0 | 1, firstRow: number, rows: number): Float32Array {
    const rowSize = this.shape.heads * this.#capacity * this.shape.headSize;
    return this.#array(layer, part).subarray(firstRow * rowSize, (firstRow + rows) * rowSize);
  }

  /** Makes room for `tokens` tokens in each row; shrinks if that is less than half of the capacity. */
  fit(tokens: number): void {
    const wanted = Math.min(capacityFor(tokens), roundUp(this.shape.maxTokens, CAPACITY_MULTIPLE));
    if (wanted > this.#capacity || wanted * 2 <= this.#capacity) this.#relayout(wanted);
  }

  /**
   * Appends `count` tokens to a row from a run's outputs, each laid out [rows, heads, count, headSize].
   *
   * @param outputs keys and values per layer: key of layer 0, value of layer 0, key of layer 1 and so on.
   * @param sourceRow the outputs' row that belongs to `row`.
   */
  append(row: number, outputs: readonly Float32Array[], sourceRow: number, count: number): void {
    const { heads, headSize } = this.shape;
    const length = this.lengths[row] as number;
    const size = count * headSize;
    const stride = this.#capacity * headSize;
    for (let index = 0; index < outputs.length; index++) {
      const source = outputs[index] as Float32Array;
      const target = this.#arrays[index] as Float32Array;
      for (let head = 0; head < heads; head++) {
        const from = (sourceRow * heads + head) * size;
        const to = (row * heads + head) * stride + length * headSize;
        // For a single token the loop is cheaper than creating a view.
        if (count === 1) for (let i = 0; i < headSize; i++) target[to + i] = source[from + i] as number;
        else target.set(source.subarray(from, from + size), to);
      }
    }
    this.lengths[row] = length + count;
  }

  clear(row: number): void {
    this.lengths[row] = 0;
    if (this.#usedRows() > 0) return;
    this.#capacity = 0;
    if (this.#highWaterBytes > KEEP_BYTES) {
      this.#arrays = [];
      this.#highWaterBytes = 0;
    }
  }

  copyRow(from: number, to: number): void {
    const { heads, headSize } = this.shape;
    const size = (this.lengths[from] as number) * headSize;
    const stride = this.#capacity * headSize;
    for (const array of this.#arrays) {
      for (let head = 0; head < heads; head++) {
        const start = (from * heads + head) * stride;
        array.copyWithin((to * heads + head) * stride, start, start + size);
      }
    }
    this.lengths[to] = this.lengths[from] as number;
    this.#noteUse();
  }

  swapRows(a: number, b: number): void {
    const lengthA = this.lengths[a] as number;
    const saved = this.exportBlock(a, 0, lengthA);
    this.copyRow(b, a);
    this.lengths[b] = 0;
    this.importBlock(b, saved, lengthA, lengthA);
  }

  exportBlock(row: number, start: number, count: number): KvBlock {
    const { heads, headSize } = this.shape;
    const size = count * headSize;
    const block = new Float32Array(this.#arrays.length * heads * size);
    const stride = this.#capacity * headSize;
    let to = 0;
    for (const array of this.#arrays) {
      for (let head = 0; head < heads; head++, to += size) {
        const from = (row * heads + head) * stride + start * headSize;
        block.set(array.subarray(from, from + size), to);
      }
    }
    return block;
  }

  /** The caller must have made room with {@link KvBuffer.fit}. */
  importBlock(row: number, block: KvBlock, blockTokens: number, count: number): void {
    const { heads, headSize } = this.shape;
    const length = this.lengths[row] as number;
    const stride = this.#capacity * headSize;
    let from = 0;
    for (const array of this.#arrays) {
      for (let head = 0; head < heads; head++, from += blockTokens * headSize) {
        array.set(
          block.subarray(from, from + count * headSize),
          (row * heads + head) * stride + length * headSize,
        );
      }
    }
    this.lengths[row] = length + count;
  }

  /** Overwrites everything a row ever held, because a NaN in a masked position would still spoil a sum. */
  scrub(row: number): void {
    for (const array of this.#arrays) {
      const size = this.shape.heads * this.#capacity * this.shape.headSize;
      array.fill(0, row * size, (row + 1) * size);
    }
  }

  #array(layer: number, part: 0 | 1): Float32Array {
    return this.#arrays[layer * 2 + part] as Float32Array;
  }

  #usedRows(): number {
    let rows = this.lengths.length;
    while (rows > 0 && this.lengths[rows - 1] === 0) rows--;
    return rows;
  }

  #relayout(capacity: number): void {
    const { layers, heads, headSize, maxRows, maxTokens } = this.shape;
    if (this.#arrays.length === 0) {
      const size = maxRows * heads * roundUp(maxTokens, CAPACITY_MULTIPLE) * headSize;
      // One allocation for all, because only large ones are sure to be untouched pages from the system.
      const memory = new ArrayBuffer(layers * 2 * size * Float32Array.BYTES_PER_ELEMENT);
      const bytes = size * Float32Array.BYTES_PER_ELEMENT;
      this.#arrays = Array.from(
        { length: layers * 2 },
        (_, index) => new Float32Array(memory, index * bytes, size),
      );
    }
    const before = this.#capacity * headSize;
    const after = capacity * headSize;
    const blocks = this.#usedRows() * heads;
    for (const array of this.#arrays) {
      for (let i = 0; i < blocks; i++) {
        // Growing moves blocks up, starting with the last; shrinking moves them down.
        const block = capacity > this.#capacity ? blocks - 1 - i : i;
        const size = (this.lengths[Math.floor(block / heads)] as number) * headSize;
        array.copyWithin(block * after, block * before, block * before + size);
      }
    }
    this.#capacity = capacity;
    this.#noteUse();
  }

  #noteUse(): void {
    this.#highWaterBytes = Math.max(this.#highWaterBytes, this.usedBytes());
  }
}

/** Smallest capacity of the series 64, 80, 112, 144, ... that holds `tokens`. */
export function capacityFor(tokens: number): number {
  let capacity = SMALLEST_CAPACITY;
  while (capacity < tokens) capacity = roundUp(capacity * 1.25, CAPACITY_MULTIPLE);
  return capacity;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
