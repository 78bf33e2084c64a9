const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/** What a pause depends on. */
export interface RetryCircumstances {
  /** Attempts made so far, at least 1. */
  readonly attempts: number;
  /** What the upstream asked for, if it did. */
  readonly retryAfterMs: number | undefined;
  readonly maxRetryAfterMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/**
 * How long to pause before the next attempt, in milliseconds: what the upstream asks for and a little more, so that
 * those it sent away do not come back together; else a random part of a bound that doubles. Null when it asks for
 * more patience than there is.
 */
export function retryDelayMs({
  attempts,
  retryAfterMs,
  maxRetryAfterMs,
  random,
}: RetryCircumstances): number | null {
  if (retryAfterMs !== undefined) {
    return retryAfterMs > maxRetryAfterMs ? null : Math.ceil(retryAfterMs * (1 + random / 10));
  }
  const bound = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
  return Math.ceil(bound * (0.5 + random / 2));
}
