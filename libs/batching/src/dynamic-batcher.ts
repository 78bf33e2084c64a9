import { type Clock, systemClock } from '@aerie/runtime';
import { BatcherClosedError } from './batcher-closed.error.js';
import type { BatchItem, Completed, DynamicBatcherOptions, SubmitOptions } from './batcher-options.js';
import { BatchRequest, RunningBatch } from './batch-request.js';
import { BatchSchedule } from './batch-schedule.js';
import { DeadlineExceededError } from './deadline-exceeded.error.js';
import { Deadlines } from './deadlines.js';
import { FairQueue, type TakenItem } from './fair-queue.js';
import { QueueFullError } from './queue-full.error.js';
import { ServiceRate } from './service-rate.js';
import { assertBatcherOptions, assertCapacity, assertSubmit } from './validation.js';

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
  readonly #queue: FairQueue<BatchRequest<I, O, R>>;
  readonly #deadlines: Deadlines<BatchRequest<I, O, R>>;
  readonly #schedule: BatchSchedule;
  readonly #rate = new ServiceRate();
  /** Requests not settled, in the order of their arrival. */
  readonly #pending = new Set<BatchRequest<I, O, R>>();
  readonly #idleListeners = new Set<() => void>();
  #accepting = true;
  /** When the work began or a batch last ended, whichever was later. */
  #movedAt = 0;

  /** @throws RangeError for an option outside its range. Nothing runs before {@link DynamicBatcher.setCapacity}. */
  constructor(options: DynamicBatcherOptions<I, O, R>) {
    assertBatcherOptions(options);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { maxBatchSize, maxBatchTokens: maxTokens = Infinity, maxDelayMs = 0 } = options;
    this.#queue = new FairQueue(maxBatchSize, maxTokens);
    this.#deadlines = new Deadlines(this.#clock, (request) => {
      this.#expire(request);
    });
    this.#schedule = new BatchSchedule({
      maxBatchSize,
      maxTokens,
      maxDelayMs,
      clock: this.#clock,
      queue: this.#queue,
      oldestWaitMs: () => this.#oldestWaitMs(),
      dropExpired: () => {
        this.#deadlines.expire();
      },
      start: (size) => void this.#run(this.#queue.take(size)),
    });
  }

  /** Requests that wait with at least one item not started. */
  get queuedRequests(): number {
    return this.#queue.requests;
  }

  /** Batches that run, including those whose callers have all left. */
  get runningBatches(): number {
    return this.#schedule.running;
  }

  /** Milliseconds since the work began or the last batch ended, whichever is later; null without work. */
  get stalledForMs(): number | null {
    return this.#isIdle() ? null : this.#clock.now() - this.#movedAt;
  }

  /**
   * Runs the items of one request, in one batch or several. Resolves when all are done.
   *
   * Rejects with QueueFullError, with BatcherClosedError, with DeadlineExceededError, with the signal's reason, with
   * the error of `runBatch`, or with RangeError for a request without items or with an invalid number. A request that has
   * left the queue this way never starts. A running batch that no request waits for is aborted.
   */
  submit(items: readonly BatchItem<I>[], options: SubmitOptions = {}): Promise<Completed<O, R>> {
    return new Promise((resolve, reject) => {
      const now = this.#clock.now();
      const refusal = this.#refusal(items, options, now);
      if (refusal !== null) {
        reject(refusal);
        return;
      }
      if (this.#isIdle()) this.#movedAt = now;
      const request = new BatchRequest<I, O, R>(items, now, resolve, reject);
      this.#pending.add(request);
      request.place = this.#queue.add(request, items, options.priority ?? 0);
      if (options.deadline !== undefined) request.deadline = this.#deadlines.add(options.deadline, request);
      if (options.signal !== undefined) this.#listen(request, options.signal);
      this.#schedule.wake();
    });
  }

  /** Sets how many batches may run at once, which is the number of ready replicas. With 0, requests wait. */
  setCapacity(capacity: number): void {
    assertCapacity(capacity);
    this.#schedule.capacity = capacity;
  }

  /**
   * Accepts no more requests and waits until all accepted ones are settled and no batch runs.
   * Requests keep waiting while capacity is 0: limit the drain with a signal, then {@link DynamicBatcher.close}.
   * Rejects with the signal's reason when it aborts.
   */
  async drain(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#accepting = false;
    this.#schedule.stopHoldingBack();
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
   * Accepts no more requests and rejects those that have waiting items with `error`. To wait for running batches, call
   * {@link DynamicBatcher.drain}. Idempotent.
   */
  close(error: Error = new BatcherClosedError()): void {
    this.#accepting = false;
    for (const request of this.#pending) {
      if (request.waiting > 0) this.#fail(request, error);
    }
  }

  /** The error that refuses a request; null if it is accepted. */
  #refusal(items: readonly BatchItem<I>[], options: SubmitOptions, now: number): Error | null {
    try {
      assertSubmit(items, options);
    } catch (error) {
      return error as Error;
    }
    const { signal, deadline = Infinity } = options;
    if (!this.#accepting) return new BatcherClosedError();
    if (signal?.aborted === true) return signal.reason as Error;
    if (deadline <= now) return new DeadlineExceededError(0, false);
    const { maxQueueSize } = this.#options;
    if (this.#queue.requests < maxQueueSize) return null;
    const retryAfterMs = this.#rate.retryAfterMs(this.#queue.items, this.#schedule.capacity);
    return new QueueFullError(maxQueueSize, retryAfterMs);
  }

  #listen(request: BatchRequest<I, O, R>, signal: AbortSignal): void {
    const onAbort = (): void => {
      this.#fail(request, signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    request.stopListening = () => {
      signal.removeEventListener('abort', onAbort);
    };
  }

  async #run(taken: readonly TakenItem<BatchRequest<I, O, R>>[]): Promise<void> {
    const startedAt = this.#clock.now();
    const batch = new RunningBatch<R>(taken.length, startedAt);
    const inputs = taken.map(({ owner, index }) => owner.start(index, batch));
    try {
      const { results, report } = await this.#options.runBatch(inputs, batch.signal);
      if (results.length !== batch.size) {
        const counts = `${String(results.length)} results for ${String(batch.size)} items`;
        throw new Error(`runBatch returned ${counts}. This is a bug.`);
      }
      batch.report = report;
      batch.endedAt = this.#clock.now();
      this.#rate.record(batch.size, batch.endedAt - startedAt);
      taken.forEach(({ owner, index }, position) => {
        this.#finish(owner, index, results[position] as O);
      });
    } catch (error) {
      for (const { owner } of taken) this.#fail(owner, error);
    }
    this.#movedAt = this.#clock.now();
    this.#schedule.batchEnded();
    this.#reportIdle();
  }

  #finish(request: BatchRequest<I, O, R>, index: number, result: O): void {
    if (request.settled || !request.finish(index, result)) return;
    this.#settle(request);
    request.resolve(request.complete(this.#clock.now()));
  }

  #expire(request: BatchRequest<I, O, R>): void {
    const elapsedMs = this.#clock.now() - request.submittedAt;
    this.#fail(request, new DeadlineExceededError(elapsedMs, request.started));
  }

  #fail(request: BatchRequest<I, O, R>, error: unknown): void {
    if (request.settled) return;
    this.#settle(request);
    request.reject(error);
    this.#reportIdle();
  }

  /** Forgets an ended request. */
  #settle(request: BatchRequest<I, O, R>): void {
    request.settled = true;
    this.#pending.delete(request);
    if (request.place !== null) this.#queue.remove(request.place);
    if (request.deadline !== null) this.#deadlines.remove(request.deadline);
    request.stopListening?.();
    request.leaveBatches();
    this.#schedule.requestsLeft();
  }

  #oldestWaitMs(): number {
    for (const request of this.#pending) {
      if (request.waiting > 0) return this.#clock.now() - request.submittedAt;
    }
    return 0;
  }

  #isIdle(): boolean {
    return this.#pending.size === 0 && this.#schedule.running === 0;
  }

  #reportIdle(): void {
    if (this.#idleListeners.size === 0 || !this.#isIdle()) return;
    for (const listener of this.#idleListeners) listener();
    this.#idleListeners.clear();
  }
}
