/** Weight of the newest batch in the moving average. */
const NEWEST = 0.2;
const MIN_RETRY_AFTER_MS = 1_000;
const MAX_RETRY_AFTER_MS = 60_000;

/**
 * The rate at which items are served while batches run. Idle time does not count, so that callers of a burst after a
 * quiet night do not get a Retry-After of a minute.
 */
export class ServiceRate {
  #itemMs: number | null = null;

  /** Counts a batch that succeeded. */
  record(items: number, runMs: number): void {
    const itemMs = runMs / items;
    this.#itemMs = this.#itemMs === null ? itemMs : this.#itemMs + NEWEST * (itemMs - this.#itemMs);
  }

  /** When `capacity` concurrent batches should have served `items`: 1,000 to 60,000 ms from now. */
  retryAfterMs(items: number, capacity: number): number {
    const estimateMs = (items * (this.#itemMs ?? 0)) / Math.max(1, capacity);
    return Math.min(Math.max(Math.ceil(estimateMs), MIN_RETRY_AFTER_MS), MAX_RETRY_AFTER_MS);
  }
}
