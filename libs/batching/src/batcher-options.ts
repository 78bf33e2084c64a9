import type { Clock } from '@aerie/runtime';

/** The outcome of a batch. */
export interface BatchOutcome<O, R> {
  /** One result per item, in the order of the items. */
  readonly results: readonly O[];
  /** Data about the whole batch, such as the times of its stages. Each of its requests gets it. */
  readonly report: R;
}

/** Options for a {@link DynamicBatcher}. */
export interface DynamicBatcherOptions<I, O, R> {
  /** Maximum number of items in a batch, at least 1. */
  readonly maxBatchSize: number;
  /** Maximum number of requests that wait with an item not started, at least 1. Further requests are refused at once. */
  readonly maxQueueSize: number;
  /**
   * Limit on the padded cost of a batch: its number of items times its largest cost. An item above the limit runs alone.
   * Default: none.
   */
  readonly maxBatchTokens?: number;
  /**
   * How long the oldest request may wait for others to join its batch while capacity is free, in milliseconds.
   * Default 0: with free capacity, it waits only for the end of the event loop's current turn.
   */
  readonly maxDelayMs?: number;
  /**
   * Runs one batch. A rejection fails every request that has an item in it. The signal aborts when all of them have been
   * settled and the results are no longer needed.
   */
  readonly runBatch: (items: readonly I[], signal: AbortSignal) => Promise<BatchOutcome<O, R>>;
  /** Default: {@link systemClock}. */
  readonly clock?: Clock;
}

/** One item of a request. */
export interface BatchItem<I> {
  readonly input: I;
  /** Length in the unit of `maxBatchTokens`; 1 if items do not differ. Finite, at least 0. */
  readonly cost: number;
}

/** Options for one request. */
export interface SubmitOptions {
  /** When it aborts, the request leaves the queue and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Deadline for the results, by the batcher's clock. Default: none. */
  readonly deadline?: number;
  /**
   * Higher runs first; default 0. Not absolute: while lower priorities wait, one of them leads every eighth batch, and
   * they fill the space that higher priorities leave in a batch.
   */
  readonly priority?: number;
}

/** One batch that ran items of a request. */
export interface BatchShare<R> {
  /** Items of all requests in the batch. */
  readonly size: number;
  /** Items of this request in the batch. */
  readonly items: number;
  /** From the submit of this request to the start of the batch, in milliseconds. */
  readonly waitMs: number;
  /** From the start of the batch to its end, in milliseconds. */
  readonly runMs: number;
  /** The report of `runBatch`. */
  readonly report: R;
}

/** A completed request. */
export interface Completed<O, R> {
  /** One result per item, in the order of the items. */
  readonly results: readonly O[];
  /** From the submit to the start of the first item, in milliseconds. */
  readonly queueMs: number;
  /** From the submit to the end of the last item, in milliseconds. */
  readonly totalMs: number;
  /** The batches that ran it, in starting order. */
  readonly batches: readonly BatchShare<R>[];
}
