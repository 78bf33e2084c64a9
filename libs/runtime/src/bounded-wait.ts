import { type Clock, systemClock } from './clock.js';

/** A wait took longer than its limit. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';

  constructor(readonly limitMs: number) {
    super(`No answer within ${String(Math.round(limitMs))} ms.`);
  }
}

/**
 * Waits for `delayMs`.
 *
 * @throws the signal's reason as soon as it aborts
 */
export function sleep(delayMs: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * The result of `promise` if it settles within `limitMs`. The work behind the promise continues; a late failure is ignored.
 *
 * @throws TimeLimitError
 */
export async function within<T>(
  promise: Promise<T>,
  limitMs: number,
  clock: Clock = systemClock,
): Promise<T> {
  let cancel = (): void => undefined;
  // A failure after the limit is ignored, because the wait is over.
  promise.catch(() => undefined);
  const limit = new Promise<never>((_, reject) => {
    cancel = clock.schedule(Math.max(0, limitMs), () => {
      reject(new TimeLimitError(limitMs));
    });
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    cancel();
  }
}

/** Whether `promise` settles within `limitMs`, either way. */
export async function settlesWithin(
  promise: Promise<unknown>,
  limitMs: number,
  clock: Clock = systemClock,
): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await within(settled, limitMs, clock);
  } catch {
    return false;
  }
}

/**
 * The result of `promise`, unless `signal` aborts first. The work behind the promise goes on.
 *
 * @throws the signal's reason
 */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  if (signal.aborted) promise.catch(() => undefined);
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
