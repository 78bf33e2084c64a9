import type { TokenBytes } from './token-bytes.js';

/**
 * Turns tokens into text one at a time. A character whose bytes are spread over tokens appears when it is
 * complete; one that never completes is dropped, bytes that can never be UTF-8 become U+FFFD.
 */
export class IncrementalDetokenizer {
  readonly #tokens: TokenBytes;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(tokens: TokenBytes) {
    this.#tokens = tokens;
  }

  /** Text that this token completes, possibly none. */
  push(token: number): string {
    const bytes = this.#tokens.of(token);
    return bytes.length === 0 ? '' : this.#decoder.decode(bytes, { stream: true });
  }
}
