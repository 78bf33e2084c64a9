/** A step of an operation that can be stopped from outside. */
export interface OperationStep {
  /** The caller left or the fetcher closes: end with `reason`. */
  cancel(reason: unknown): void;
  /** The time is up: end with what that means for this step. */
  expire(): void;
}

/**
 * One deadline and one caller's signal over all steps of a fetch: waiting, connecting, redirects, body.
 * Owns its timer and its listener; {@link Operation.end} releases both.
 */
export class Operation {
  readonly timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#step?.cancel(this.#signal?.reason);
  #step: OperationStep | null = null;
  #expired = false;

  constructor(timeoutMs: number, signal: AbortSignal | undefined) {
    this.timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#step?.expire();
    }, timeoutMs);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** From now on `step` is what is stopped. An operation that is over already stops it at once. */
  enter(step: OperationStep): void {
    this.#step = step;
    if (this.#signal?.aborted === true) step.cancel(this.#signal.reason);
    else if (this.#expired) step.expire();
  }

  /** @throws the signal's reason if the caller left */
  throwIfAborted(): void {
    this.#signal?.throwIfAborted();
  }

  /** Whether `error` is the reason that the caller left with. */
  isAborted(error: unknown): boolean {
    return this.#signal?.aborted === true && error === this.#signal.reason;
  }

  end(): void {
    this.#step = null;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
