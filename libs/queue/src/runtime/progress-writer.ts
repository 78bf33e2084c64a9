const PROGRESS_INTERVAL_MS = 250;

/** Writes progress at most every quarter of a second, and never two writes at once. Missed ones cost nothing. */
export class ProgressWriter {
  readonly #write: (fraction: number) => Promise<void>;
  #pending: Promise<void> | null = null;
  #lastAt = 0;

  constructor(write: (fraction: number) => Promise<void>) {
    this.#write = write;
  }

  write(fraction: number): void {
    const now = performance.now();
    if (this.#pending !== null || fraction >= 1 || now - this.#lastAt < PROGRESS_INTERVAL_MS) return;
    this.#lastAt = now;
    this.#pending = this.#write(fraction)
      .catch(() => undefined)
      .finally(() => {
        this.#pending = null;
      });
  }

  async end(): Promise<void> {
    await this.#pending;
  }
}
