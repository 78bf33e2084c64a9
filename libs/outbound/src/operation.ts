import { systemClock } from '@aerie/runtime';

/** A step of an operation that can be stopped. */
export interface OperationStep {
  /** The caller left or the fetcher was closed: end with `reason`. */
  cancel(reason: unknown): void;
  /** The deadline passed: end with this step's timeout error. */
  expire(): void;
}

/**
 * One deadline and one caller's signal for all steps of a fetch: waiting, connecting, redirects, body.
 * Owns its timer and its listener; {@link Operation.end} releases both.
 */
export class Operation {
  readonly timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #cancelTimer: () => void;
  readonly #onAbort = (): void => this.#step?.cancel(this.#signal?.reason);
  #step: OperationStep | null = null;
  #expired = false;

  constructor(timeoutMs: number, signal: AbortSignal | undefined) {
    this.timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#cancelTimer = systemClock.schedule(timeoutMs, () => {
      this.#expired = true;
      this.#step?.expire();
    });
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Makes `step` the step to stop. If the operation has already ended, stops it at once. */
  enter(step: OperationStep): void {
    this.#step = step;
    if (this.#signal?.aborted === true) step.cancel(this.#signal.reason);
    else if (this.#expired) step.expire();
  }

  /** @throws the signal's reason if the caller left */
  throwIfAborted(): void {
    this.#signal?.throwIfAborted();
  }

  /** Whether `error` is the reason with which the caller left. */
  isAborted(error: unknown): boolean {
    return this.#signal?.aborted === true && error === this.#signal.reason;
  }

  end(): void {
    this.#step = null;
    this.#cancelTimer();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
