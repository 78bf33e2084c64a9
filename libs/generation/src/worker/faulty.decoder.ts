import type { DecodeBatch, Decoder, KvBlock } from '../decoder/decoder.js';
import type { GenerationFault } from './messages.js';

/** A decoder whose next run can be made to fail, for tests. */
export class FaultyDecoder implements Decoder {
  readonly #inner: Decoder;
  #fault: GenerationFault | null = null;

  constructor(inner: Decoder) {
    this.#inner = inner;
  }

  get vocabSize(): number {
    return this.#inner.vocabSize;
  }

  get bytesPerToken(): number {
    return this.#inner.bytesPerToken;
  }

  get canShare(): boolean {
    return this.#inner.canShare;
  }

  get lengths(): Readonly<Int32Array> {
    return this.#inner.lengths;
  }

  inject(fault: GenerationFault): void {
    this.#fault = fault;
  }

  usedBytes(): number {
    return this.#inner.usedBytes();
  }

  prefill(row: number, tokens: readonly number[]): Promise<Float32Array> {
    this.#trip();
    return this.#inner.prefill(row, tokens);
  }

  decode(batch: DecodeBatch): Promise<Float32Array> {
    this.#trip();
    return this.#inner.decode(batch);
  }

  clear(row: number): void {
    this.#inner.clear(row);
  }

  scrub(row: number): void {
    this.#inner.scrub(row);
  }

  copyRow(from: number, to: number): void {
    this.#inner.copyRow(from, to);
  }

  swapRows(a: number, b: number): void {
    this.#inner.swapRows(a, b);
  }

  exportBlock(row: number, start: number, count: number): KvBlock {
    return this.#inner.exportBlock(row, start, count);
  }

  importBlock(row: number, block: KvBlock, blockTokens: number, count: number): void {
    this.#inner.importBlock(row, block, blockTokens, count);
  }

  release(): Promise<void> {
    return this.#inner.release();
  }

  #trip(): void {
    const fault = this.#fault;
    this.#fault = null;
    switch (fault) {
      case null:
        return;
      case 'throw':
        throw new Error('fault injected for a test');
      case 'hang':
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        return;
      case 'die':
        process.exit(1);
        return;
      case 'crash':
        process.abort();
    }
  }
}
