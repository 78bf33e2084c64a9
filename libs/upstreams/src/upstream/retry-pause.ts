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
 * The pause before the next attempt, in milliseconds. If the upstream asks for a wait, it is that wait and up to a tenth
 * more, so that its clients do not all return at once; otherwise it is an exponential back-off with jitter. Null if the
 * upstream asks for a longer wait than is allowed.
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
