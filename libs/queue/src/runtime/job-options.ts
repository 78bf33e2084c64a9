import type { BackoffOptions } from '@aerie/runtime';
import type { JobsOptions } from 'bullmq';
import type { JobHead } from '../records/job-record.js';

/** The lowest priority that is used. BullMQ's highest is 1. */
const LOWEST_PRIORITY = 101;

/** BullMQ's options for a job. The store keeps the job and counts its attempts, so BullMQ need not. */
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
