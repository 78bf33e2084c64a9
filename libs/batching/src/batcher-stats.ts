/** The state of a {@link DynamicBatcher}. Counters start at its creation. */
export interface BatcherStats {
  /** Batches that may run at once. */
  readonly capacity: number;
  /** Running batches, including those whose callers have all left. */
  readonly runningBatches: number;
  /** Requests waiting with at least one item not started. */
  readonly queuedRequests: number;
  /** Items not started. */
  readonly queuedItems: number;
  /** Requests accepted and not settled: waiting, running, or both. */
  readonly pendingRequests: number;
  /** How long the oldest waiting request has waited, in milliseconds; null when none waits. */
  readonly oldestWaitingMs: number | null;
  /** When a batch last succeeded or failed, by the clock; null before the first. */
  readonly lastProgressAt: number | null;
  /** Calls of submit: the sum of the counters below and the pending requests. */
  readonly submitted: number;
  /** Requests resolved. */
  readonly completed: number;
  /** Requests rejected because a batch failed. */
  readonly failed: number;
  /** Requests whose deadline passed. */
  readonly expired: number;
  /** Requests whose signal aborted. */
  readonly canceled: number;
  /** Requests refused (queue full, draining, invalid) or rejected by close. */
  readonly rejected: number;
  /** Number of batches started, by their number of items. */
  readonly batchSizes: ReadonlyMap<number, number>;
}
