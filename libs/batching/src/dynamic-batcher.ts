import { type Clock, systemClock } from '@aerie/runtime';
import { BatcherClosedError } from './batcher-closed.error.js';
import type { BatchItem, Completed, DynamicBatcherOptions, SubmitOptions } from './batcher-options.js';
import type { BatcherStats } from './batcher-stats.js';
import { BatchRequest, type RunningBatch } from './batch-request.js';
import { DeadlineExceededError } from './deadline-exceeded.error.js';
import { Deadlines } from './deadlines.js';
import { FairQueue, type TakenItem } from './fair-queue.js';
import { QueueFullError } from './queue-full.error.js';
import { ServiceRate } from './service-rate.js';
import { assertBatcherOptions, assertCapacity, assertSubmit } from './validation.js';

/** How a request ended, as {@link BatcherStats} counts it. */
type Outcome = 'completed' | 'failed' | 'expired' | 'canceled' | 'rejected';

interface Refusal {
  readonly outcome: Outcome;
  readonly error: Error;
}

/**
 * Collects the items of many requests into batches and runs as many batches at once as the capacity allows.
 *
 * Work starts on events (a submit, the end of a batch, a change of capacity, the end of the delay), at the end of the
 * event loop's turn in which they occur: requests that arrive together share their batches, and a single one does not
 * wait. If every free place can get a full batch, work starts within the call.
 * Waiting items are spread evenly over the free places.
 *
 * @example
 * const batcher = new DynamicBatcher<string, Float32Array, StageTimes>({
 *   maxBatchSize: 32,
 *   maxQueueSize: 256,
 *   runBatch: async (texts) => {
 *     const { results, times } = await pool.run(texts);
 *     return { results, report: times };
 *   },
 * });
 * batcher.setCapacity(pool.capacity);
 * const { results } = await batcher.submit([{ input: 'hello', cost: 3 }], { signal });
 */
export class DynamicBatcher<I, O, R = undefined> {
  readonly #options: DynamicBatcherOptions<I, O, R>;
  readonly #clock: Clock;
  readonly #maxDelayMs: number;
  readonly #maxTokens: number;
  readonly #queue: FairQueue<BatchRequest<I, O, R>>;
  readonly #deadlines: Deadlines<BatchRequest<I, O, R>>;
  readonly #rate = new ServiceRate();
  /** Requests not settled, in the order of their arrival. */
  readonly #pending = new Set<BatchRequest<I, O, R>>();
  readonly #batchSizes = new Map<number, number>();
  readonly #counters: Record<Outcome | 'submitted', number> = {
    submitted: 0,
    completed: 0,
    failed: 0,
    expired: 0,
    canceled: 0,
    rejected: 0,
  };
  readonly #idleListeners = new Set<() => void>();
  #accepting = true;
  #capacity = 0;
  #running = 0;
  #deferred = false;
  #cancelDelay: (() => void) | null = null;
  #lastProgressAt: number | null = null;

  /** @throws RangeError for an option outside its range. Nothing runs before {@link DynamicBatcher.setCapacity}. */
  constructor(options: DynamicBatcherOptions<I, O, R>) {
    assertBatcherOptions(options);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#maxDelayMs = options.maxDelayMs ?? 0;
    this.#maxTokens = options.maxBatchTokens ?? Infinity;
    this.#queue = new FairQueue(options.maxBatchSize, this.#maxTokens);
    this.#deadlines = new Deadlines(this.#clock, (request) => {
      this.#expire(request);
    });
  }

  /**
   * Runs the items of one request, in one batch or several. Resolves when all are done.
   *
   * Rejects with QueueFullError, with BatcherClosedError, with DeadlineExceededError, with the signal's reason, with
   * what `runBatch` rejected with, or with RangeError for a request without items or a number that is none. A request
   * that has left the queue this way never starts; the results of its running items are dropped.
   */
  submit(items: readonly BatchItem<I>[], options: SubmitOptions = {}): Promise<Completed<O, R>> {
    return new Promise((resolve, reject) => {
      const now = this.#clock.now();
      this.#counters.submitted += 1;
      const refusal = this.#refusal(items, options, now);
      if (refusal !== null) {
        this.#counters[refusal.outcome] += 1;
        reject(refusal.error);
        return;
      }
      const request = new BatchRequest<I, O, R>(items, now, resolve, reject);
      this.#pending.add(request);
      request.place = this.#queue.add(request, items, options.priority ?? 0);
      if (options.deadline !== undefined) request.deadline = this.#deadlines.add(options.deadline, request);
      if (options.signal !== undefined) this.#listen(request, options.signal);
      this.#wake();
    });
  }

  /** Sets how many batches may run at once: the replicas that are ready. 0 lets requests wait until some return. */
  setCapacity(capacity: number): void {
    assertCapacity(capacity);
    this.#capacity = capacity;
    this.#wake();
  }

  stats(): BatcherStats {
    return {
      capacity: this.#capacity,
      runningBatches: this.#running,
      queuedRequests: this.#queue.requests,
      queuedItems: this.#queue.items,
      pendingRequests: this.#pending.size,
      oldestWaitingMs: this.#oldestWaitingMs(),
      lastProgressAt: this.#lastProgressAt,
      ...this.#counters,
      batchSizes: new Map(this.#batchSizes),
    };
  }

  /**
   * Accepts no more requests and waits until all accepted ones are settled and no batch runs.
   * Requests keep waiting while capacity is 0: limit the drain with a signal, then {@link DynamicBatcher.close}.
   * Rejects with the signal's reason when it aborts.
   */
  async drain(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#accepting = false;
    this.#wake();
    if (this.#isIdle()) return;
    await new Promise<void>((resolve, reject) => {
      const onIdle = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#idleListeners.delete(onIdle);
        reject(signal?.reason as Error);
      };
      this.#idleListeners.add(onIdle);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Accepts no more requests and rejects those that have waiting items with `error`. Running batches end by
   * themselves: wait for them with {@link DynamicBatcher.drain}. Idempotent.
   */
  close(error: Error = new BatcherClosedError()): void {
    this.#accepting = false;
    for (const request of this.#pending) {
      if (request.waiting > 0) this.#fail(request, 'rejected', error);
    }
  }

  /** The error that refuses a request; null if it is accepted. */
  #refusal(items: readonly BatchItem<I>[], options: SubmitOptions, now: number): Refusal | null {
    try {
      assertSubmit(items, options);
    } catch (error) {
      return { outcome: 'rejected', error: error as Error };
    }
    const { signal, deadline = Infinity } = options;
    if (!this.#accepting) return { outcome: 'rejected', error: new BatcherClosedError() };
    if (signal?.aborted === true) return { outcome: 'canceled', error: signal.reason as Error };
    if (deadline <= now) return { outcome: 'expired', error: new DeadlineExceededError(0, false) };
    const { maxQueueSize } = this.#options;
    if (this.#queue.requests < maxQueueSize) return null;
    const retryAfterMs = this.#rate.retryAfterMs(this.#queue.items, this.#capacity);
    return { outcome: 'rejected', error: new QueueFullError(maxQueueSize, retryAfterMs) };
  }

  #listen(request: BatchRequest<I, O, R>, signal: AbortSignal): void {
    const onAbort = (): void => {
      this.#fail(request, 'canceled', signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    request.stopListening = () => {
      signal.removeEventListener('abort', onAbort);
    };
  }

  #freeSlots(): number {
    return Math.max(0, this.#capacity - this.#running);
  }

  /** Called after every change that may let a batch start. */
  #wake(): void {
    const free = this.#freeSlots();
    if (free === 0 || this.#queue.items === 0) return;
    if (this.#queue.items >= free * this.#options.maxBatchSize) {
      this.#dispatch();
    } else if (!this.#deferred) {
      this.#deferred = true;
      this.#clock.defer(() => {
        this.#deferred = false;
        this.#dispatch();
      });
    }
  }

  #dispatch(): void {
    // The timer may be late if the event loop is busy, and expired requests must not run.
    this.#deadlines.expire();
    this.#stopDelay();
    if (this.#freeSlots() === 0 || this.#queue.items === 0 || this.#isHeldBack()) return;
    while (this.#freeSlots() > 0 && this.#queue.items > 0) {
      const size = Math.min(this.#options.maxBatchSize, Math.ceil(this.#queue.items / this.#freeSlots()));
      void this.#run(this.#queue.take(size));
    }
  }

  /** Whether the waiting requests should wait for others. Arms the timer that limits this wait. */
  #isHeldBack(): boolean {
    if (this.#maxDelayMs === 0 || !this.#accepting) return false;
    if (this.#queue.items >= this.#options.maxBatchSize || this.#queue.cost >= this.#maxTokens) return false;
    const leftMs = this.#maxDelayMs - (this.#oldestWaitingMs() ?? 0);
    if (leftMs <= 0) return false;
    this.#cancelDelay = this.#clock.schedule(Math.ceil(leftMs), () => {
      this.#cancelDelay = null;
      this.#dispatch();
    });
    return true;
  }

  #stopDelay(): void {
    this.#cancelDelay?.();
    this.#cancelDelay = null;
  }

  async #run(taken: readonly TakenItem<BatchRequest<I, O, R>>[]): Promise<void> {
    const startedAt = this.#clock.now();
    const batch: RunningBatch<R> = { size: taken.length, startedAt, endedAt: startedAt, report: undefined };
    const inputs = taken.map(({ owner, index }) => owner.start(index, batch));
    this.#running += 1;
    this.#batchSizes.set(batch.size, (this.#batchSizes.get(batch.size) ?? 0) + 1);
    try {
      const { results, report } = await this.#options.runBatch(inputs);
      if (results.length !== batch.size) {
        const counts = `${String(results.length)} results for ${String(batch.size)} items`;
        throw new Error(`runBatch returned ${counts}. This is a bug.`);
      }
      batch.report = report;
      this.#end(batch);
      this.#rate.record(batch.size, batch.endedAt - startedAt);
      taken.forEach(({ owner, index }, position) => {
        this.#finish(owner, index, results[position] as O);
      });
    } catch (error) {
      this.#end(batch);
      for (const { owner } of taken) this.#fail(owner, 'failed', error);
    }
    this.#wake();
    this.#reportIdle();
  }

  #end(batch: RunningBatch<R>): void {
    this.#running -= 1;
    batch.endedAt = this.#clock.now();
    this.#lastProgressAt = batch.endedAt;
  }

  #finish(request: BatchRequest<I, O, R>, index: number, result: O): void {
    if (request.settled || !request.finish(index, result)) return;
    this.#settle(request, 'completed');
    request.resolve(request.complete(this.#clock.now()));
  }

  #expire(request: BatchRequest<I, O, R>): void {
    const elapsedMs = this.#clock.now() - request.submittedAt;
    this.#fail(request, 'expired', new DeadlineExceededError(elapsedMs, request.started));
  }

  #fail(request: BatchRequest<I, O, R>, outcome: Outcome, error: unknown): void {
    if (request.settled) return;
    this.#settle(request, outcome);
    request.reject(error);
    this.#reportIdle();
  }

  /** Forgets a request, however it ended. */
  #settle(request: BatchRequest<I, O, R>, outcome: Outcome): void {
    request.settled = true;
    this.#counters[outcome] += 1;
    this.#pending.delete(request);
    if (request.place !== null) this.#queue.remove(request.place);
    if (request.deadline !== null) this.#deadlines.remove(request.deadline);
    request.stopListening?.();
    if (this.#queue.items === 0) this.#stopDelay();
  }

  #oldestWaitingMs(): number | null {
    if (this.#queue.items === 0) return null;
    for (const request of this.#pending) {
      if (request.waiting > 0) return this.#clock.now() - request.submittedAt;
    }
    return null;
  }

  #isIdle(): boolean {
    return this.#pending.size === 0 && this.#running === 0;
  }

  #reportIdle(): void {
    if (this.#idleListeners.size === 0 || !this.#isIdle()) return;
    for (const listener of this.#idleListeners) listener();
    this.#idleListeners.clear();
  }
}
