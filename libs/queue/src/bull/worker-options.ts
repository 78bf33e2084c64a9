import type { WorkerOptions } from 'bullmq';

/** Time without renewal of its lock after which a job is handed out again, in milliseconds. */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 10_000;
/** The store counts deaths; BullMQ must not fail a job on its own. */
const NEVER = 1_000_000_000;
const RUN_RETRY_MS = 1_000;

/** Options of every worker. {@link JobProcessors} starts it, with the concurrency of the settings. */
export const WORKER_OPTIONS = {
  autorun: false,
  lockDuration: LOCK_MS,
  stalledInterval: STALLED_CHECK_MS,
  maxStalledCount: NEVER,
  runRetryDelay: RUN_RETRY_MS,
} as const satisfies Partial<WorkerOptions>;
