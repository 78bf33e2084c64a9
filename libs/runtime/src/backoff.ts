/** Options for the growing waits between attempts. */
export interface BackoffOptions {
  /** Wait after the first failure, milliseconds. */
  readonly firstMs: number;
  /** Longest wait, milliseconds. */
  readonly maxMs: number;
  /** Share of the wait, 0 to 1, that is random, so that callers do not return at the same time; default 0. */
  readonly jitter?: number;
}

/**
 * The wait after a number of failures: `firstMs`, doubled with each further failure up to `maxMs`.
 *
 * @param failures - at least 1
 * @param random - from 0 up to 1; used only with jitter
 */
export function backoffMs(
  failures: number,
  { firstMs, maxMs, jitter = 0 }: BackoffOptions,
  random: () => number = Math.random,
): number {
  const bound = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return jitter === 0 ? bound : Math.ceil(bound * (1 - jitter + jitter * random()));
}

/** {@link BackoffOptions} for something that is restarted. */
export interface RestartBackoffOptions extends BackoffOptions {
  /** Uptime after which failures are forgotten, milliseconds; default: only {@link Backoff.reset} forgets them. */
  readonly healthyAfterMs?: number;
  /** Number of first failures without a wait; default 0. */
  readonly immediate?: number;
}

/** Counts consecutive failures and returns the wait after each. */
export class Backoff {
  #failures = 0;
  readonly #options: RestartBackoffOptions;
  readonly #random: () => number;

  constructor(options: RestartBackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** Consecutive failures so far. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Counts a failure.
   *
   * @param upForMs - how long it had worked before; 0 if it never did
   * @returns the wait before the next attempt, milliseconds
   */
  fail(upForMs = 0): number {
    const { healthyAfterMs = Infinity, immediate = 0 } = this.#options;
    if (upForMs >= healthyAfterMs) this.#failures = 0;
    this.#failures += 1;
    const waits = this.#failures - immediate;
    return waits <= 0 ? 0 : backoffMs(waits, this.#options, this.#random);
  }

  /** Forgets the failures. */
  reset(): void {
    this.#failures = 0;
  }
}
