/**
 * Where each token of a text begins, in Unicode characters of the text. A character can be made of several tokens: each
 * of them begins where the character does.
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
