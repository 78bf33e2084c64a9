import { AerieError } from '@aerie/contracts';
import type { QueueLogger } from '../connection/queue-settings.js';
import { isStorageFull } from '../connection/storage-full.js';

/** State of the backend as this process sees it. */
export type AvailabilityState = 'starting' | 'up' | 'down' | 'closed';

/** How {@link Availability} watches. */
export interface AvailabilityOptions {
  /** Prepares what is needed for use; tried until it works. */
  readonly prepare: () => Promise<void>;
  readonly ping: () => Promise<void>;
  /** Time that a caller's operation may take before it is refused. */
  readonly operationTimeoutMs: number;
  readonly logger: QueueLogger;
}

const PROBE_INTERVAL_MS = 500;
const PROBE_TIMEOUT_MS = 2_000;

/**
 * Knows whether the backend can be reached. While it cannot, operations are refused at once and it is asked every half
 * second whether it is back; while it can, nothing is asked: the operations themselves tell.
 */
export class Availability {
  readonly #options: AvailabilityOptions;
  readonly #onUp = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #state: AvailabilityState = 'starting';
  #prepared = false;
  #probe: NodeJS.Timeout | null = null;
  #probing = false;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
  }

  get state(): AvailabilityState {
    return this.#state;
  }

  /** Calls `listener` each time the backend is there again, and the first time. */
  onUp(listener: () => void): void {
    this.#onUp.add(listener);
  }

  start(): void {
    void this.#check();
  }

  close(): void {
    this.#state = 'closed';
    if (this.#probe !== null) clearTimeout(this.#probe);
    for (const wake of this.#waiting) wake();
  }

  /**
   * Runs an operation for a caller who will not wait long.
   *
   * @throws AerieError QUEUE_UNAVAILABLE when the backend is away or does not answer in time, STORAGE_FULL when it has no
   * room
   */
  async use<T>(operation: () => Promise<T>, timeoutMs = this.#options.operationTimeoutMs): Promise<T> {
    const startedAt = performance.now();
    if (this.#state === 'starting') await this.#settled(timeoutMs);
    if (this.#state !== 'up') throw unavailable();
    try {
      return await within(operation(), timeoutMs - (performance.now() - startedAt));
    } catch (error) {
      if (error instanceof AerieError) throw error;
      if (isStorageFull(error)) throw full(error);
      this.#lost(error);
      throw unavailable(error);
    }
  }

  /** Asks the backend now, within `timeoutMs`. */
  async reachable(timeoutMs: number): Promise<boolean> {
    if (this.#state !== 'up') return false;
    try {
      await within(this.#options.ping(), timeoutMs);
      return true;
    } catch (error) {
      this.#lost(error);
      return false;
    }
  }

  #lost(error: unknown): void {
    if (this.#state !== 'up') return;
    this.#state = 'down';
    this.#options.logger.warn(
      { err: error },
      'the queue cannot be reached; submits are refused until it is back',
    );
    void this.#check();
  }

  async #check(): Promise<void> {
    if (this.#probing || this.#state === 'closed') return;
    this.#probing = true;
    try {
      if (this.#prepared) await within(this.#options.ping(), PROBE_TIMEOUT_MS);
      else await this.#options.prepare();
      this.#prepared = true;
      this.#up();
    } catch (error) {
      if (this.#state === 'starting') {
        this.#options.logger.warn({ err: error }, 'the queue cannot be reached yet');
        this.#becomes('down');
      }
      this.#probe = setTimeout(() => void this.#check(), PROBE_INTERVAL_MS);
    } finally {
      this.#probing = false;
    }
  }

  #up(): void {
    if (this.#state === 'closed') return;
    this.#options.logger.info({}, 'the queue is there');
    this.#becomes('up');
    for (const listener of this.#onUp) listener();
  }

  #becomes(state: AvailabilityState): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #settled(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiting.add(wake);
    });
  }
}

function full(cause: unknown): AerieError {
  const message = 'The job queue has no room left to store this. Predictions without a job go on.';
  return new AerieError('STORAGE_FULL', message, { cause });
}

function unavailable(cause?: unknown): AerieError {
  const message = 'The job queue cannot be reached. Predictions without a job go on; try again shortly.';
  return new AerieError('QUEUE_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}

/** Rejects when `promise` takes longer; what it does goes on and comes to nothing. */
export async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  promise.catch(() => undefined);
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => {
            reject(new Error(`No answer within ${String(Math.round(timeoutMs))} ms.`));
          },
          Math.max(0, timeoutMs),
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
