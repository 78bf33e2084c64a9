const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** A replica that was up this long is sound again. */
const HEALTHY_AFTER_MS = 60_000;

/** How long to wait before a replica is replaced: not at all the first time, then 100 ms, doubling up to 10 s. */
export class RestartBackoff {
  #failures = 0;

  /**
   * Counts a failure.
   *
   * @param upForMs - how long the replica had been up; 0 when it never was.
   */
  nextDelayMs(upForMs: number): number {
    if (upForMs >= HEALTHY_AFTER_MS) this.#failures = 0;
    const delayMs =
      this.#failures === 0 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#failures - 1));
    this.#failures += 1;
    return delayMs;
  }
}
