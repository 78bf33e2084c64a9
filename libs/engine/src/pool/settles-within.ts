import type { Clock } from '../clock.js';

/** Whether `promise`, which must not reject, settles within `limitMs`. */
export async function settlesWithin(
  promise: Promise<unknown>,
  limitMs: number,
  clock: Clock,
): Promise<boolean> {
  let cancel = (): void => undefined;
  const limit = new Promise<boolean>((resolve) => {
    cancel = clock.schedule(() => {
      resolve(false);
    }, limitMs);
  });
  try {
    return await Promise.race([promise.then(() => true), limit]);
  } finally {
    cancel();
  }
}
