/** The outcome of a piece of text. */
export interface StopResult {
  /** Text that cannot be part of a stop string. */
  readonly text: string;
  /** Whether a stop string was found; `text` ends before it, and any text after it is dropped. */
  readonly stopped: boolean;
}

/**
 * Finds stop strings in text that arrives in pieces. Holds back the longest tail that may still become a stop
 * string, so none ever leaks, wherever the pieces begin and end. The result does not depend on the pieces:
 * the match that ends first counts, and of those the longest.
 */
export class StopMatcher {
  readonly #stops: readonly string[];
  #held = '';

  /** @param stops strings to stop at, none of them empty. */
  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** Takes the next piece. */
  push(piece: string): StopResult {
    if (this.#stops.length === 0) return { text: piece, stopped: false };
    const text = this.#held + piece;
    let start = -1;
    let end = Infinity;
    for (const stop of this.#stops) {
      const at = text.indexOf(stop);
      if (at === -1) continue;
      const stopEnd = at + stop.length;
      if (stopEnd < end || (stopEnd === end && at < start)) {
        start = at;
        end = stopEnd;
      }
    }
    if (start !== -1) {
      this.#held = '';
      return { text: text.slice(0, start), stopped: true };
    }
    const keep = this.#possibleTail(text);
    this.#held = text.slice(text.length - keep);
    return { text: text.slice(0, text.length - keep), stopped: false };
  }

  /** Returns the text held back: generation has ended without a stop string. */
  flush(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }

  #possibleTail(text: string): number {
    let longest = 0;
    for (const stop of this.#stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
