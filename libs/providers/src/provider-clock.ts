/** Time as providers read it; a fake one makes specs deterministic. */
export interface ProviderClock {
  /** Milliseconds from an arbitrary origin, never going back. */
  now(): number;
  /** Calls `callback` once after `delayMs`. Returns the way to cancel it. */
  schedule(callback: () => void, delayMs: number): () => void;
}

/** Longest delay that a timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: ProviderClock = {
  now: () => performance.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_TIMER_MS));
    return () => {
      clearTimeout(timer);
    };
  },
};

/**
 * Resolves after `delayMs`.
 *
 * @throws the signal's reason as soon as it aborts.
 */
export function wait(clock: ProviderClock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    const onAbort = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
