import type { WorkerOptions } from 'bullmq';

/** A job whose lock was not renewed for so long is given out again. */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 10_000;
/** The store counts deaths; BullMQ must not fail a job on its own. */
const NEVER = 1_000_000_000;
const RUN_RETRY_MS = 1_000;

/** Options of every worker. It begins when it is told to, with the concurrency that the settings say. */
export const WORKER_OPTIONS = {
  autorun: false,
  lockDuration: LOCK_MS,
  stalledInterval: STALLED_CHECK_MS,
  maxStalledCount: NEVER,
  runRetryDelay: RUN_RETRY_MS,
} as const satisfies Partial<WorkerOptions>;
