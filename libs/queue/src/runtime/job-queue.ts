import type { QueueConnection } from '../connection/queue-connection.js';
import type { Delivery } from '../records/delivery.js';
import type { JobBatch } from '../records/job-batch.js';
import type { JobHead, JobRecord } from '../records/job-record.js';
import type { Backlog, ListOptions, NewJob, StatusCounts } from '../store/job-store.js';
import type { AvailabilityState } from './availability.js';

/**
 * The job queue as use cases see it. Each operation answers within about a second (bulk operations within 30 s), whatever
 * the backend does.
 *
 * @throws AerieError every asynchronous operation: QUEUE_UNAVAILABLE when the backend is away or does not answer in time,
 * STORAGE_FULL when it has no room
 */
export abstract class JobQueue {
  abstract readonly backend: QueueConnection['kind'];
  abstract readonly state: AvailabilityState;

  /** Epoch milliseconds. */
  abstract now(): number;
  /** Asks the backend now; false when it does not answer within `timeoutMs`. Never throws. */
  abstract reachable(timeoutMs: number): Promise<boolean>;
  /** Calls `changed` whenever the job may have changed, until the returned function is called. */
  abstract watch(id: string, changed: () => void): () => void;

  /** Stores jobs and queues them. For each, itself, or the job that has its idempotency key already. */
  abstract submit(jobs: readonly NewJob[]): Promise<JobHead[]>;
  abstract head(id: string): Promise<JobHead | null>;
  abstract record(id: string): Promise<JobRecord | null>;
  /** The job that has an idempotency key. */
  abstract withKey(key: string): Promise<JobHead | null>;
  /** Cancels a waiting job at once and asks the worker of a running one; null when it is finished or gone. */
  abstract cancel(id: string): Promise<JobHead | null>;
  /** {@link JobQueue.cancel} for many, as bulk work. */
  abstract cancelAll(ids: readonly string[]): Promise<void>;

  /** Newest first. */
  abstract list(options: ListOptions): Promise<JobHead[]>;
  /** How many pending jobs of the same task were submitted before this one. */
  abstract countAhead(head: JobHead): Promise<number>;
  /** Bulk work: it may count many. */
  abstract backlog(task: string): Promise<Backlog>;
  /** Webhook deliveries of a job, oldest first. */
  abstract deliveries(jobId: string): Promise<Delivery[]>;

  abstract insertBatch(batch: JobBatch): Promise<void>;
  abstract batch(id: string): Promise<JobBatch | null>;
  abstract updateBatch(batch: JobBatch): Promise<void>;
  abstract batchCounts(id: string): Promise<StatusCounts>;
  /** Ids of a batch's jobs by index, from `from`. */
  abstract batchJobs(id: string, from: number, limit: number): Promise<string[]>;
  /** A batch's jobs by index, from `from`; null for one that was removed meanwhile. */
  abstract batchRecords(id: string, from: number, limit: number): Promise<(JobRecord | null)[]>;
}
