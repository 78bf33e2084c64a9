import { AerieError } from '@aerie/contracts';
import { type Clock, type Logger, settlesWithin, systemClock, within } from '@aerie/runtime';

/** State of the backend as this process sees it. */
export type AvailabilityState = 'starting' | 'up' | 'down' | 'closed';

/** Options for {@link Availability}. */
export interface AvailabilityOptions {
  /** Prepares the backend for use; repeated until it succeeds. */
  readonly prepare: () => Promise<void>;
  readonly ping: () => Promise<void>;
  /** Time that a caller's operation may take before it is refused, and that any operation waits for the start. */
  readonly operationTimeoutMs: number;
  readonly logger: Logger;
  readonly clock?: Clock;
}

const PROBE_INTERVAL_MS = 500;
const PROBE_TIMEOUT_MS = 2_000;
/** PostgreSQL's disk_full, also used by PGlite. */
const DISK_FULL = '53100';
/** Redis refuses changes while it is at `maxmemory` or cannot write to its disk. */
const REDIS_FULL = /^(OOM|MISCONF)\b|OOM command not allowed/;

/**
 * Tracks whether the backend can be reached. While it cannot, operations are refused at once and the backend is checked
 * every half second. While it can, the operations themselves show its state, and there are no checks.
 */
export class Availability {
  readonly #options: AvailabilityOptions;
  readonly #clock: Clock;
  readonly #onUp = new Set<() => void>();
  readonly #awaitingStart: (() => void)[] = [];
  #state: AvailabilityState = 'starting';
  #prepared = false;
  #cancelProbe: (() => void) | null = null;
  #probing = false;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get state(): AvailabilityState {
    return this.#state;
  }

  /** Calls `listener` each time the backend becomes reachable, and at once if it is reachable now. */
  onUp(listener: () => void): void {
    this.#onUp.add(listener);
    if (this.#state === 'up') listener();
  }

  start(): void {
    void this.#check();
  }

  close(): void {
    this.#becomes('closed');
    this.#cancelProbe?.();
  }

  /**
   * Runs an operation for a caller that cannot wait long.
   *
   * @throws AerieError QUEUE_UNAVAILABLE if the backend is unreachable or does not respond in time, STORAGE_FULL if it is
   * full
   */
  async use<T>(operation: () => Promise<T>, timeoutMs = this.#options.operationTimeoutMs): Promise<T> {
    const startedAt = this.#clock.now();
    if (this.#state === 'starting') {
      await settlesWithin(this.#firstCheck(), this.#options.operationTimeoutMs, this.#clock);
    }
    if (this.#state !== 'up') throw unavailable();
    try {
      return await within(operation(), timeoutMs - (this.#clock.now() - startedAt), this.#clock);
    } catch (error) {
      if (error instanceof AerieError) throw error;
      if (isStorageFull(error)) throw full(error);
      this.#lost(error);
      throw unavailable(error);
    }
  }

  /** Checks the backend now, within `timeoutMs`. */
  async reachable(timeoutMs: number): Promise<boolean> {
    if (this.#state !== 'up') return false;
    try {
      await within(this.#options.ping(), timeoutMs, this.#clock);
      return true;
    } catch (error) {
      this.#lost(error);
      return false;
    }
  }

  #lost(error: unknown): void {
    if (this.#state !== 'up') return;
    this.#becomes('down');
    this.#options.logger.warn(
      { err: error },
      'the queue cannot be reached; submissions are refused until it is back',
    );
    void this.#check();
  }

  async #check(): Promise<void> {
    if (this.#probing || this.#state === 'closed') return;
    this.#probing = true;
    try {
      if (this.#prepared) await within(this.#options.ping(), PROBE_TIMEOUT_MS, this.#clock);
      else await this.#options.prepare();
      this.#prepared = true;
      this.#up();
    } catch (error) {
      this.#checkAgain(error);
    } finally {
      this.#probing = false;
    }
  }

  #up(): void {
    if (this.#state === 'closed') return;
    this.#options.logger.info({}, 'the queue can be reached');
    this.#becomes('up');
    for (const listener of this.#onUp) listener();
  }

  #checkAgain(error: unknown): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'starting') {
      this.#options.logger.warn({ err: error }, 'the queue cannot be reached yet');
      this.#becomes('down');
    }
    this.#cancelProbe = this.#clock.schedule(PROBE_INTERVAL_MS, () => void this.#check());
  }

  #becomes(state: AvailabilityState): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    for (const resolve of this.#awaitingStart.splice(0)) resolve();
  }

  /** Resolves after the first check. */
  #firstCheck(): Promise<void> {
    return new Promise((resolve) => {
      this.#awaitingStart.push(resolve);
    });
  }
}

function full(cause: unknown): AerieError {
  const message = 'The job queue has no space left to store this. Requests without jobs still work.';
  return new AerieError('STORAGE_FULL', message, { cause });
}

function unavailable(cause?: unknown): AerieError {
  const message = 'The job queue cannot be reached. Requests that are not jobs go on; try again shortly.';
  return new AerieError('QUEUE_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}

/** Whether a backend refused to write because it has no space left. It still answers and can be read. */
function isStorageFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  return code === DISK_FULL || code === 'ENOSPC' || REDIS_FULL.test(error.message);
}
