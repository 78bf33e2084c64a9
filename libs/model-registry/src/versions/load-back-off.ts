const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/** How long to wait after failed loads: one second, doubling up to a minute. */
export class LoadBackOff {
  #failures = 0;

  /** Counts a failure. Returns the wait before the next try, in milliseconds. */
  fail(): number {
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    this.#failures += 1;
    return delayMs;
  }

  reset(): void {
    this.#failures = 0;
  }
}
