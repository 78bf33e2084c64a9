import type { Clock } from '@aerie/runtime';

/** What a batch came to. */
export interface BatchOutcome<O, R> {
  /** One result per item, in the order of the items. */
  readonly results: readonly O[];
  /** Whatever is to be known of the batch as a whole, such as the times of its stages. Handed to each of its requests. */
  readonly report: R;
}

/** How a {@link DynamicBatcher} forms and runs its batches. */
export interface DynamicBatcherOptions<I, O, R> {
  /** Most items in a batch, at least 1. */
  readonly maxBatchSize: number;
  /** Most requests that may wait with at least one item not started, at least 1. More are refused at once. */
  readonly maxQueueSize: number;
  /**
   * Bound on the padded cost of a batch: its number of items times its largest cost. An item above the bound runs alone.
   * Default: none.
   */
  readonly maxBatchTokens?: number;
  /**
   * How long the oldest request may be held back for company while capacity is free, in milliseconds.
   * Default 0: with capacity free, waits for no more than the end of the event loop's current turn.
   */
  readonly maxDelayMs?: number;
  /** Runs one batch. A rejection fails every request that has an item in it. */
  readonly runBatch: (items: readonly I[]) => Promise<BatchOutcome<O, R>>;
  /** Default: {@link systemClock}. */
  readonly clock?: Clock;
}

/** One item of a request. */
export interface BatchItem<I> {
  readonly input: I;
  /** Length in the unit of `maxBatchTokens`; 1 where items do not differ. Finite, at least 0. */
  readonly cost: number;
}

/** How one request is treated. */
export interface SubmitOptions {
  /** When it aborts, the request leaves the queue and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Latest time for the results, as the batcher's clock counts. Default: none. */
  readonly deadline?: number;
  /**
   * Higher runs first; default 0. Not absolute: while lower ones wait, each eighth batch is led by one of them, and
   * they fill the room that higher ones leave in a batch.
   */
  readonly priority?: number;
}

/** One batch that ran items of a request. */
export interface BatchShare<R> {
  /** Items in the batch, of all its requests. */
  readonly size: number;
  /** Items of this request in the batch. */
  readonly items: number;
  /** From the submit of this request to the start of the batch, in milliseconds. */
  readonly waitMs: number;
  /** From the start of the batch to its end, in milliseconds. */
  readonly runMs: number;
  /** What `runBatch` reported. */
  readonly report: R;
}

/** A request that is done. */
export interface Completed<O, R> {
  /** One result per item, in the order of the items. */
  readonly results: readonly O[];
  /** From the submit to the start of the first item, in milliseconds. */
  readonly queueMs: number;
  /** From the submit to the end of the last item, in milliseconds. */
  readonly totalMs: number;
  /** The batches that ran it, in the order of their starts. */
  readonly batches: readonly BatchShare<R>[];
}
