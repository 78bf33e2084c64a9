import type { BatchItem, BatchShare, Completed } from './batcher-options.js';
import type { Deadline } from './deadlines.js';
import type { QueuePlace } from './queue-lane.js';

/** A batch that has started. */
export class RunningBatch<R> {
  readonly startedAt: number;
  readonly size: number;
  /** Once it has succeeded. */
  endedAt: number;
  report: R | undefined;
  readonly #abandoned = new AbortController();
  /** Requests that wait for it. */
  #waiting = 0;

  constructor(size: number, startedAt: number) {
    this.size = size;
    this.startedAt = startedAt;
    this.endedAt = startedAt;
  }

  /** Aborts when no request waits for the batch. */
  get signal(): AbortSignal {
    return this.#abandoned.signal;
  }

  /** A request has items in the batch. */
  join(): void {
    this.#waiting += 1;
  }

  /** A request that has joined was settled. */
  leave(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#abandoned.abort();
  }
}

interface Share<R> {
  readonly batch: RunningBatch<R>;
  items: number;
}

/** The batcher's state of one accepted request. */
export class BatchRequest<I, O, R> {
  readonly submittedAt: number;
  readonly resolve: (completed: Completed<O, R>) => void;
  readonly reject: (error: unknown) => void;
  /** Set while the request waits in the queue or runs. */
  place: QueuePlace<BatchRequest<I, O, R>> | null = null;
  deadline: Deadline<BatchRequest<I, O, R>> | null = null;
  stopListening: (() => void) | null = null;
  settled = false;
  /** Items not started. */
  waiting: number;
  #unfinished: number;
  readonly #items: readonly BatchItem<I>[];
  readonly #results: O[];
  readonly #shares: Share<R>[] = [];

  constructor(
    items: readonly BatchItem<I>[],
    submittedAt: number,
    resolve: (completed: Completed<O, R>) => void,
    reject: (error: unknown) => void,
  ) {
    this.submittedAt = submittedAt;
    this.resolve = resolve;
    this.reject = reject;
    this.waiting = items.length;
    this.#unfinished = items.length;
    this.#items = items;
    this.#results = new Array<O>(items.length);
  }

  /** Whether any item has been started. */
  get started(): boolean {
    return this.#shares.length > 0;
  }

  /** Moves item `index` to `batch`. */
  start(index: number, batch: RunningBatch<R>): I {
    const item = this.#items[index];
    if (item === undefined)
      throw new Error('the queue returned an item that its request does not have. This is a bug.');
    const share = this.#shares.at(-1);
    if (share?.batch === batch) share.items += 1;
    else {
      this.#shares.push({ batch, items: 1 });
      batch.join();
    }
    this.waiting -= 1;
    return item.input;
  }

  /** The caller has its answer and no longer waits for batches. */
  leaveBatches(): void {
    for (const { batch } of this.#shares) batch.leave();
  }

  /** Stores the result of item `index`. Returns whether it was the last one. */
  finish(index: number, result: O): boolean {
    this.#results[index] = result;
    this.#unfinished -= 1;
    return this.#unfinished === 0;
  }

  /** The outcome for the caller, once the last item has finished. */
  complete(now: number): Completed<O, R> {
    const batches = this.#shares.map(({ batch, items }): BatchShare<R> => ({
      size: batch.size,
      items,
      waitMs: batch.startedAt - this.submittedAt,
      runMs: batch.endedAt - batch.startedAt,
      report: batch.report as R,
    }));
    return {
      results: this.#results,
      queueMs: batches[0]?.waitMs ?? 0,
      totalMs: now - this.submittedAt,
      batches,
    };
  }
}
