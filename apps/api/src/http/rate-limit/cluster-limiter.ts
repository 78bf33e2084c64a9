import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';

/**
 * A counter of calls. `consume` resolves within the limit and rejects with a RateLimiterRes beyond it; `reward` takes
 * points back.
 */
export type Limiter = Pick<RateLimiterAbstract, 'consume' | 'reward'>;

/** Options for a {@link ClusterLimiter}. */
export interface ClusterLimiterParts {
  /** The counter of all processes, which the primary keeps. */
  readonly shared: Limiter;
  /** The counter of this process. */
  readonly own: Limiter;
  /** Whether the primary is connected. Otherwise, asking it would be an error of the process. */
  readonly isConnected: () => boolean;
  /** Called once each time the primary stops responding. */
  readonly onAway: (error: Error) => void;
}

/** How long an unresponsive primary is not asked, because each call would wait for it again. Milliseconds. */
const ASK_AGAIN_AFTER_MS = 1_000;

/**
 * Counts for all processes of the server. While the primary is too busy to respond, or has ended, each process counts
 * separately, because a limit that is a little too generous is better than an outage.
 */
export class ClusterLimiter implements Limiter {
  readonly #parts: ClusterLimiterParts;
  #isAway = false;
  /** By `performance.now()`. */
  #askAgainAt = 0;

  constructor(parts: ClusterLimiterParts) {
    this.#parts = parts;
  }

  consume(key: string, points = 1): Promise<RateLimiterRes> {
    return this.#use((limiter) => limiter.consume(key, points));
  }

  reward(key: string, points = 1): Promise<RateLimiterRes> {
    return this.#use((limiter) => limiter.reward(key, points));
  }

  async #use(operation: (limiter: Limiter) => Promise<RateLimiterRes>): Promise<RateLimiterRes> {
    const { shared, own, isConnected } = this.#parts;
    if (this.#isAway && performance.now() < this.#askAgainAt) return operation(own);
    try {
      if (!isConnected()) throw new Error('the primary has ended');
      const outcome = await operation(shared);
      this.#isAway = false;
      return outcome;
    } catch (refused) {
      if (!(refused instanceof Error)) {
        this.#isAway = false;
        throw refused;
      }
      this.#wentAway(refused);
      return operation(own);
    }
  }

  #wentAway(error: Error): void {
    this.#askAgainAt = performance.now() + ASK_AGAIN_AFTER_MS;
    if (this.#isAway) return;
    this.#isAway = true;
    this.#parts.onAway(error);
  }
}
