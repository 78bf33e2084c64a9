import type { Clock } from '@aerie/runtime';

const PROGRESS_INTERVAL_MS = 250;

/** Writes progress at most every quarter of a second, and never twice at once. A missed write does no harm. */
export class ProgressWriter {
  readonly #write: (fraction: number) => Promise<void>;
  readonly #clock: Clock;
  #pending: Promise<void> | null = null;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(write: (fraction: number) => Promise<void>, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
  }

  write(fraction: number): void {
    const now = this.#clock.now();
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
