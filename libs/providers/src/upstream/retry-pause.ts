import { backoffMs, type BackoffOptions } from '@aerie/runtime';

const BACKOFF: BackoffOptions = { firstMs: 250, maxMs: 4_000, jitter: 0.5 };

/** The circumstances of a retry. */
export interface RetryCircumstances {
  /** Attempts made so far, at least 1. */
  readonly attempts: number;
  /** The wait that the upstream asked for, if any. */
  readonly retryAfterMs: number | undefined;
  readonly maxRetryAfterMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/**
 * The pause before the next attempt, in milliseconds: the wait that the upstream asks for and a little more, so that the
 * clients it sent away do not come back together; else an exponential back-off with jitter. Null when the upstream asks
 * for a longer wait than is allowed.
 */
export function retryPauseMs({
  attempts,
  retryAfterMs,
  maxRetryAfterMs,
  random,
}: RetryCircumstances): number | null {
  if (retryAfterMs === undefined) return backoffMs(attempts, BACKOFF, () => random);
  return retryAfterMs > maxRetryAfterMs ? null : Math.ceil(retryAfterMs * (1 + random / 10));
}
