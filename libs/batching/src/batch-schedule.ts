import type { Clock } from '@aerie/runtime';
import type { FairQueue } from './fair-queue.js';

/** Options for a {@link BatchSchedule}. */
export interface BatchScheduleOptions {
  readonly maxBatchSize: number;
  /** Limit on the cost of a batch; Infinity for none. */
  readonly maxTokens: number;
  readonly maxDelayMs: number;
  readonly clock: Clock;
  readonly queue: Pick<FairQueue<unknown>, 'items' | 'cost'>;
  /** Waiting time of the oldest request, in milliseconds. */
  readonly oldestWaitMs: () => number;
  /** Removes requests from the queue that must no longer run. */
  readonly dropExpired: () => void;
  /** Takes up to `size` items from the queue and runs them. */
  readonly start: (size: number) => void;
}

/** Decides when batches start, and how many waiting items each may take. */
export class BatchSchedule {
  readonly #options: BatchScheduleOptions;
  #capacity = 0;
  #running = 0;
  #holdsBack: boolean;
  #deferred = false;
  #cancelDelay: (() => void) | null = null;

  constructor(options: BatchScheduleOptions) {
    this.#options = options;
    this.#holdsBack = options.maxDelayMs > 0;
  }

  /** Maximum number of concurrent batches. */
  get capacity(): number {
    return this.#capacity;
  }

  set capacity(capacity: number) {
    this.#capacity = capacity;
    this.wake();
  }

  /** Running batches, including those whose callers have all left. */
  get running(): number {
    return this.#running;
  }

  /** Must be called when items have arrived or places may be free. */
  wake(): void {
    const free = this.#freePlaces();
    const { queue, maxBatchSize, clock } = this.#options;
    if (free === 0 || queue.items === 0) return;
    if (queue.items >= free * maxBatchSize) {
      this.#dispatch();
    } else if (!this.#deferred) {
      this.#deferred = true;
      clock.defer(() => {
        this.#deferred = false;
        this.#dispatch();
      });
    }
  }

  /** Must be called when a batch has ended. */
  batchEnded(): void {
    this.#running -= 1;
    this.wake();
  }

  /** Must be called when requests have left the queue. */
  requestsLeft(): void {
    if (this.#options.queue.items === 0) this.#stopDelay();
  }

  /** From now on, waiting requests do not wait for others. */
  stopHoldingBack(): void {
    this.#holdsBack = false;
    this.wake();
  }

  /** A lowered capacity may be below the number of running batches. */
  #freePlaces(): number {
    return Math.max(0, this.#capacity - this.#running);
  }

  #dispatch(): void {
    const { queue, maxBatchSize, dropExpired, start } = this.#options;
    // The timer may be late if the event loop is busy, and expired requests must not run.
    dropExpired();
    this.#stopDelay();
    if (this.#freePlaces() === 0 || queue.items === 0 || this.#isHeldBack()) return;
    for (let free = this.#freePlaces(); free > 0 && queue.items > 0; free = this.#freePlaces()) {
      this.#running += 1;
      start(Math.min(maxBatchSize, Math.ceil(queue.items / free)));
    }
  }

  /** Whether the waiting requests should wait for others. Arms the timer that limits this wait. */
  #isHeldBack(): boolean {
    const { queue, maxBatchSize, maxTokens, maxDelayMs, clock, oldestWaitMs } = this.#options;
    if (!this.#holdsBack || queue.items >= maxBatchSize || queue.cost >= maxTokens) return false;
    const leftMs = maxDelayMs - oldestWaitMs();
    if (leftMs <= 0) return false;
    this.#cancelDelay = clock.schedule(Math.ceil(leftMs), () => {
      this.#cancelDelay = null;
      this.#dispatch();
    });
    return true;
  }

  #stopDelay(): void {
    this.#cancelDelay?.();
    this.#cancelDelay = null;
  }
}
