/**
 * Collects a body of known or unknown length in one Buffer with at most one copy of each byte, and none if
 * it arrives in one piece.
 */
export class BodyCollector {
  readonly #expectedBytes: number | null;
  readonly #chunks: Buffer[] = [];
  #whole: Buffer | null = null;
  #length = 0;

  /** @param expectedBytes the declared length, already checked against the limit */
  constructor(expectedBytes: number | null) {
    this.#expectedBytes = expectedBytes;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    const expected = this.#expectedBytes;
    if (expected === null || chunk.length === expected) {
      this.#chunks.push(chunk);
    } else {
      // Not before the first byte, so that a peer that only declares a size costs nothing.
      this.#whole ??= Buffer.allocUnsafeSlow(expected);
      chunk.copy(this.#whole, this.#length);
    }
    this.#length += chunk.length;
  }

  /** The body; call it once, at its end. */
  finish(): Buffer {
    if (this.#whole !== null) return this.#whole.subarray(0, this.#length);
    const [only] = this.#chunks;
    if (only !== undefined && this.#chunks.length === 1) return only;
    return Buffer.concat(this.#chunks, this.#length);
  }
}
