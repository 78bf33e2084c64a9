import type { JobsOptions } from 'bullmq';
import type { JobHead } from '../records/job-record.js';

/** Lowest of BullMQ's priorities that is used; 1 is its highest. */
const LOWEST_PRIORITY = 101;
const FIRST_RETRY_MS = 1_000;
const RETRY_JITTER = 0.5;

/** How BullMQ treats a job: the store remembers it and counts its attempts, so BullMQ need not. */
export function jobOptions(head: JobHead, now: number): JobsOptions {
  const delay = head.runAt - now;
  return {
    jobId: head.id,
    priority: LOWEST_PRIORITY - head.priority,
    ...(delay > 0 ? { delay } : {}),
  };
}

/** Time until a job is tried again after `attempts` failed ones: doubled each time, and spread downwards. */
export function retryDelayMs(attempts: number, random: () => number = Math.random): number {
  return Math.round(FIRST_RETRY_MS * 2 ** (attempts - 1) * (1 - RETRY_JITTER * random()));
}

/** Seconds after which a delivery is tried again, one after the other; with what stands before, 22 hours in all. */
const DELIVERY_RETRIES_S = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800];

/** How often a webhook is tried. */
export const DELIVERY_ATTEMPTS = DELIVERY_RETRIES_S.length + 1;

/** Time until the next try after `attempts` failed ones, spread by a fifth so that a receiver is not run over. */
export function deliveryBackoffMs(attempts: number, random: () => number = Math.random): number {
  const seconds = DELIVERY_RETRIES_S[Math.min(attempts, DELIVERY_RETRIES_S.length) - 1] ?? 5;
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
