import type { DecodeBatch, Decoder, KvBlock } from '../decoder/decoder.js';

/** A run of the fake model, as specs look at it. */
export type FakeRun =
  | { readonly kind: 'prefill'; readonly row: number; readonly tokens: readonly number[] }
  | { readonly kind: 'decode'; readonly rows: number; readonly reproducible: boolean };

/**
 * A deterministic model whose next token is a function of all tokens in the row: a row that is moved, shared or cut
 * wrongly shows in the text.
 */
export class FakeDecoder implements Decoder {
  readonly vocabSize: number;
  readonly bytesPerToken = 4;
  readonly canShare = true;
  readonly lengths: Int32Array;
  readonly runs: FakeRun[] = [];
  /** Called before each run: may throw, or cancel something meanwhile. */
  beforeRun: (run: FakeRun) => void = () => undefined;
  readonly #rows: number[][];

  constructor(rows: number, vocabSize = 26) {
    this.vocabSize = vocabSize;
    this.lengths = new Int32Array(rows);
    this.#rows = Array.from({ length: rows }, () => []);
  }

  /** The model's next token after these tokens. */
  static next(tokens: readonly number[], vocabSize = 26): number {
    return tokens.reduce((sum, token, place) => (sum * 31 + token * (place + 7) + 3) % 99_991, 1) % vocabSize;
  }

  /** The model's continuation of a prompt. */
  static continuation(prompt: readonly number[], count: number, vocabSize = 26): number[] {
    const tokens = [...prompt];
    for (let i = 0; i < count; i++) tokens.push(FakeDecoder.next(tokens, vocabSize));
    return tokens.slice(prompt.length);
  }

  usedBytes(): number {
    return this.lengths.reduce((sum, length) => sum + length, 0) * this.bytesPerToken;
  }

  async prefill(row: number, tokens: readonly number[]): Promise<Float32Array> {
    this.#note({ kind: 'prefill', row, tokens });
    await Promise.resolve();
    this.#append(row, tokens);
    return this.#logits(row);
  }

  async decode({ tokens, reproducible }: DecodeBatch): Promise<Float32Array> {
    this.#note({ kind: 'decode', rows: tokens.length, reproducible });
    await Promise.resolve();
    const logits = new Float32Array(tokens.length * this.vocabSize);
    tokens.forEach((token, row) => {
      this.#append(row, [token]);
      logits.set(this.#logits(row), row * this.vocabSize);
    });
    return logits;
  }

  clear(row: number): void {
    this.#set(row, []);
  }

  scrub(): void {
    // There is nothing to spoil.
  }

  copyRow(from: number, to: number): void {
    this.#set(to, [...(this.#rows[from] ?? [])]);
  }

  swapRows(a: number, b: number): void {
    const saved = this.#rows[a] ?? [];
    this.#set(a, this.#rows[b] ?? []);
    this.#set(b, saved);
  }

  exportBlock(row: number, start: number, count: number): KvBlock {
    return Float32Array.from((this.#rows[row] ?? []).slice(start, start + count));
  }

  importBlock(row: number, block: KvBlock, _blockTokens: number, count: number): void {
    this.#append(row, [...block.subarray(0, count)]);
  }

  async release(): Promise<void> {
    await Promise.resolve();
  }

  #note(run: FakeRun): void {
    this.runs.push(run);
    this.beforeRun(run);
  }

  #append(row: number, tokens: readonly number[]): void {
    this.#set(row, [...(this.#rows[row] ?? []), ...tokens]);
  }

  #set(row: number, tokens: number[]): void {
    this.#rows[row] = tokens;
    this.lengths[row] = tokens.length;
  }

  #logits(row: number): Float32Array {
    const logits = new Float32Array(this.vocabSize);
    logits[FakeDecoder.next(this.#rows[row] ?? [], this.vocabSize)] = 30;
    return logits;
  }
}
