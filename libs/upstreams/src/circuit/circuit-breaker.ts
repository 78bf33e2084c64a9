import { AerieError } from '@aerie/contracts';
import type { Clock } from '@aerie/runtime';

/** When a circuit opens, and for how long. */
export interface CircuitOptions {
  /** Consecutive failures that open the circuit. Default 5. */
  readonly failures?: number;
  /** Share of failures among the last {@link CircuitOptions.window} attempts that opens it. Default 0.5. */
  readonly failureRate?: number;
  /** Number of attempts over which the rate is computed; it does not apply to fewer. Default 20. */
  readonly window?: number;
  /** How long it stays open before one request may try again. Default 10,000. */
  readonly openMs?: number;
}

/** closed: requests pass. open: they fail at once. half-open: one may pass, the others fail at once. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** Permission for one attempt, whose outcome must be reported. Only the first report counts. */
export interface CircuitPermit {
  /** The upstream responds. A failure may still follow. */
  succeeded(): void;
  failed(): void;
  /** The attempt says nothing about the upstream: the caller left, or it was asked to wait. */
  released(): void;
}

/** Retry-After for a request that arrives while another one is the probe. */
const PROBE_RETRY_AFTER_MS = 1_000;

/**
 * Stops requests to a failing upstream. It differs from cockatiel's breaker: callers do not wait for a probe's outcome (a
 * fallback can serve them at once), a caller that leaves does not count, and a stream may fail after a successful start.
 */
export class CircuitBreaker {
  readonly #name: string;
  readonly #options: Required<CircuitOptions>;
  readonly #clock: Clock;
  readonly #onChange: (state: CircuitState) => void;
  /** Outcomes of the last attempts, true for failures. */
  #outcomes: boolean[] = [];
  #failuresInRow = 0;
  /** When the next probe may start; null while closed. */
  #openUntil: number | null = null;
  #probing = false;

  constructor(
    name: string,
    options: CircuitOptions,
    clock: Clock,
    onChange: (state: CircuitState) => void = () => undefined,
  ) {
    this.#name = name;
    this.#options = { failures: 5, failureRate: 0.5, window: 20, openMs: 10_000, ...options };
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get state(): CircuitState {
    if (this.#openUntil === null) return 'closed';
    return this.#clock.now() < this.#openUntil ? 'open' : 'half-open';
  }

  /** @throws AerieError UPSTREAM_ERROR while no attempt may be made. */
  admit(): CircuitPermit {
    if (this.#openUntil === null) return this.#permit(false);
    const remainingMs = this.#openUntil - this.#clock.now();
    if (remainingMs > 0) throw this.#refusal(remainingMs);
    if (this.#probing) throw this.#refusal(PROBE_RETRY_AFTER_MS);
    this.#probing = true;
    this.#onChange('half-open');
    return this.#permit(true);
  }

  #permit(isProbe: boolean): CircuitPermit {
    let outcome: 'none' | 'succeeded' | 'over' = 'none';
    return {
      succeeded: () => {
        if (outcome !== 'none') return;
        outcome = 'succeeded';
        if (isProbe) this.#close();
        this.#record(false);
      },
      failed: () => {
        if (outcome === 'over') return;
        const probeFailed = isProbe && outcome === 'none';
        outcome = 'over';
        if (probeFailed) this.#open();
        else this.#record(true);
      },
      released: () => {
        if (isProbe && outcome === 'none') this.#probing = false;
        outcome = 'over';
      },
    };
  }

  #record(failed: boolean): void {
    // An attempt that ends while the circuit is open began before it opened; its outcome no longer matters.
    if (this.#openUntil !== null) return;
    const { failures, failureRate, window } = this.#options;
    this.#failuresInRow = failed ? this.#failuresInRow + 1 : 0;
    this.#outcomes.push(failed);
    if (this.#outcomes.length > window) this.#outcomes.shift();
    if (!failed) return;
    const share = this.#outcomes.filter(Boolean).length / window;
    if (this.#failuresInRow >= failures || (this.#outcomes.length === window && share >= failureRate))
      this.#open();
  }

  #open(): void {
    this.#openUntil = this.#clock.now() + this.#options.openMs;
    this.#probing = false;
    this.#onChange('open');
  }

  #close(): void {
    this.#openUntil = null;
    this.#probing = false;
    this.#failuresInRow = 0;
    this.#outcomes = [];
    this.#onChange('closed');
  }

  #refusal(retryAfterMs: number): AerieError {
    return new AerieError(
      'UPSTREAM_ERROR',
      `the upstream of ${this.#name} has failed repeatedly and gets no requests for now; try again later`,
      { retryAfterMs: Math.ceil(retryAfterMs) },
    );
  }
}
