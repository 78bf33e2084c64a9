import { randomUUID } from 'node:crypto';

/**
 * Marks control tokens in callers' text, so that they pass through a chat template as plain text. Each occurrence gets
 * a mark after its first character, and so does an incomplete one at the end of a string, which the template's own text
 * might complete. The mark is random per prompt: no caller can write it.
 */
export class ControlGuard {
  readonly #controls: readonly string[];
  readonly #mark = `\uFDD0${randomUUID()}\uFDD1`;

  /** @param controls texts of the tokenizer's added tokens. */
  constructor(controls: readonly string[]) {
    this.#controls = controls;
  }

  /** The caller's text with its control tokens marked. */
  guard(text: string): string {
    const places = new Set<number>();
    for (const control of this.#controls) {
      for (let at = text.indexOf(control); at !== -1; at = text.indexOf(control, at + 1)) places.add(at);
      for (let length = Math.min(control.length - 1, text.length); length > 0; length--) {
        if (text.endsWith(control.slice(0, length))) places.add(text.length - length);
      }
    }
    if (places.size === 0) return text;
    let guarded = '';
    let from = 0;
    for (const place of [...places].sort((a, b) => a - b)) {
      guarded += text.slice(from, place + 1) + this.#mark;
      from = place + 1;
    }
    return guarded + text.slice(from);
  }

  /** Removes the marks. */
  reveal(text: string): string {
    return text.replaceAll(this.#mark, '');
  }
}
