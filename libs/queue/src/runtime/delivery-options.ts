import type { JobsOptions } from 'bullmq';

/** Seconds before each further attempt of a delivery; with the waits before, 22 hours in all. */
const DELIVERY_RETRIES_S = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800];

/** How often a webhook is tried. */
export const DELIVERY_ATTEMPTS = DELIVERY_RETRIES_S.length + 1;

/** Time until the next attempt after `failures`, spread by a tenth either way so that a receiver is not overrun. */
export function deliveryBackoffMs(failures: number, random: () => number = Math.random): number {
  const seconds = DELIVERY_RETRIES_S[Math.min(failures, DELIVERY_RETRIES_S.length) - 1] ?? 5;
  return Math.round(seconds * 1000 * (0.9 + 0.2 * random()));
}

/** How BullMQ treats a delivery. */
export function deliveryOptions(id: string): JobsOptions {
  return {
    jobId: id,
    attempts: DELIVERY_ATTEMPTS,
    backoff: { type: 'custom' },
  };
}
