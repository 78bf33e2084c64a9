import type { TokenBytes } from './token-bytes.js';

/**
 * Converts tokens to text one at a time. A character whose bytes are spread over several tokens appears when it is
 * complete; one that never completes is dropped, bytes that can never be UTF-8 become U+FFFD.
 */
export class IncrementalDetokenizer {
  readonly #tokens: TokenBytes;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(tokens: TokenBytes) {
    this.#tokens = tokens;
  }

  /** The text that this token completes; may be empty. */
  push(token: number): string {
    const bytes = this.#tokens.of(token);
    return bytes.length === 0 ? '' : this.#decoder.decode(bytes, { stream: true });
  }
}
