import type { JobsOptions } from 'bullmq';

/** Seconds before each further attempt of a delivery, 22 hours in total. */
const DELIVERY_RETRIES_S = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800];

/** Maximum attempts of a webhook. */
export const DELIVERY_ATTEMPTS = DELIVERY_RETRIES_S.length + 1;

/** Milliseconds until the next attempt after `failures`, varied by a tenth so that a receiver is not overrun. */
export function deliveryBackoffMs(failures: number, random: () => number = Math.random): number {
  const seconds = DELIVERY_RETRIES_S[Math.min(failures, DELIVERY_RETRIES_S.length) - 1] ?? 5;
  return Math.round(seconds * 1000 * (0.9 + 0.2 * random()));
}

/** BullMQ's options for a delivery. */
export function deliveryOptions(id: string): JobsOptions {
  return {
    jobId: id,
    attempts: DELIVERY_ATTEMPTS,
    backoff: { type: 'custom' },
  };
}
