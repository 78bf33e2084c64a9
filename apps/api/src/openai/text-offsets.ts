/**
 * The offset of each token of a text, in Unicode characters. If a character consists of several tokens, each has the
 * offset of the character.
 */
export class TextOffsets {
  readonly #decoder = new TextDecoder();
  #characters = 0;

  /** The offset of the next token, given the bytes that it adds. */
  next(bytes: readonly number[]): number {
    const offset = this.#characters;
    const completed = this.#decoder.decode(Uint8Array.from(bytes), { stream: true });
    this.#characters += Array.from(completed).length;
    return offset;
  }
}
