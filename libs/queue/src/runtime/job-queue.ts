import type { QueueConnection } from '../connection/queue-connection.js';
import type { Delivery } from '../records/delivery.js';
import type { JobBatch } from '../records/job-batch.js';
import type { JobHead, JobRecord } from '../records/job-record.js';
import type { Backlog, ListOptions, NewJob, StatusCounts } from '../store/job-store.js';
import type { AvailabilityState } from './availability.js';

/**
 * The job queue for use cases. Each operation answers within about a second (bulk operations within 30 s), even if the
 * backend hangs.
 *
 * @throws AerieError from every asynchronous operation: QUEUE_UNAVAILABLE if the backend is unreachable or does not
 * respond in time, STORAGE_FULL if it is full
 */
export abstract class JobQueue {
  abstract readonly backend: QueueConnection['kind'];
  abstract readonly state: AvailabilityState;

  /** Epoch milliseconds. */
  abstract now(): number;
  /** Checks the backend now. False if it does not respond within `timeoutMs`. Never throws. */
  abstract reachable(timeoutMs: number): Promise<boolean>;
  /** Calls `changed` whenever the job may have changed, until the returned function is called. */
  abstract watch(id: string, changed: () => void): () => void;

  /** Stores jobs and queues them. Returns each job, or the existing one with the same idempotency key. */
  abstract submit(jobs: readonly NewJob[]): Promise<JobHead[]>;
  abstract head(id: string): Promise<JobHead | null>;
  abstract record(id: string): Promise<JobRecord | null>;
  /** The job that has an idempotency key. */
  abstract withKey(key: string): Promise<JobHead | null>;
  /** Cancels a waiting job at once and asks the worker of a running one. Null if it is finished or was removed. */
  abstract cancel(id: string): Promise<JobHead | null>;
  /** {@link JobQueue.cancel} for many jobs, as a bulk operation. */
  abstract cancelAll(ids: readonly string[]): Promise<void>;

  /** Newest first. */
  abstract list(options: ListOptions): Promise<JobHead[]>;
  /** Number of pending jobs of the same task that were submitted before this one. */
  abstract countAhead(head: JobHead): Promise<number>;
  /** A bulk operation, because there may be many. */
  abstract backlog(task: string): Promise<Backlog>;
  /** Webhook deliveries of a job, oldest first. */
  abstract deliveries(jobId: string): Promise<Delivery[]>;

  abstract insertBatch(batch: JobBatch): Promise<void>;
  abstract batch(id: string): Promise<JobBatch | null>;
  abstract updateBatch(batch: JobBatch): Promise<void>;
  abstract batchCounts(id: string): Promise<StatusCounts>;
  /** Ids of a batch's jobs by index, from `from`. */
  abstract batchJobs(id: string, from: number, limit: number): Promise<string[]>;
  /** A batch's jobs by index, from `from`; null for a job that was removed meanwhile. */
  abstract batchRecords(id: string, from: number, limit: number): Promise<(JobRecord | null)[]>;
}
