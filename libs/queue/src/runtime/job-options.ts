import type { BackoffOptions } from '@aerie/runtime';
import type { JobsOptions } from 'bullmq';
import type { JobHead } from '../records/job-record.js';

/** Lowest of BullMQ's priorities that is used; 1 is its highest. */
const LOWEST_PRIORITY = 101;

/** How BullMQ treats a job: the store remembers it and counts its attempts, so BullMQ need not. */
export function jobOptions(head: JobHead, now: number): JobsOptions {
  const delay = head.runAt - now;
  return {
    jobId: head.id,
    priority: LOWEST_PRIORITY - head.priority,
    ...(delay > 0 ? { delay } : {}),
  };
}

/** Waits before a failed job is tried again. */
export const JOB_BACKOFF: BackoffOptions = { firstMs: 1_000, maxMs: Number.POSITIVE_INFINITY, jitter: 0.5 };
