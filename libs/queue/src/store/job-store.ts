import type { Delivery } from '../records/delivery.js';
import type { JobBatch } from '../records/job-batch.js';
import type { JobHead, JobRecord, JobStatus, VersionedHead } from '../records/job-record.js';

/** A job to be stored. */
export interface NewJob {
  readonly head: JobHead;
  /** JSON text. */
  readonly input: string;
  /** At most one stored job has this key. */
  readonly idempotencyKey: string | null;
}

/** A change of a job, made only if the job has not changed since it was read. */
export interface HeadChange {
  readonly previous: VersionedHead;
  readonly next: JobHead;
  /** JSON text; null leaves the stored result unchanged. */
  readonly result: string | null;
  /** Epoch milliseconds after which a finished job is removed; null for an unfinished one. */
  readonly removeAt: number | null;
  /** The webhook delivery that the change causes, stored together with it. */
  readonly delivery: Delivery | null;
}

/** A page of a listing. */
export interface ListOptions {
  readonly status: JobStatus | null;
  /** Id of the last job of the page before. */
  readonly after: string | null;
  readonly limit: number;
}

/** Number of jobs in each state. */
export type StatusCounts = Readonly<Record<JobStatus, number>>;

/** A queue's activity for a worker's health. */
export interface Backlog {
  readonly pending: number;
  /** Epoch milliseconds. */
  readonly oldestPendingAt: number | null;
}

/**
 * The jobs as callers see them, with idempotency, listings, batches and webhooks, which BullMQ does not keep. BullMQ
 * decides when and where a job runs. The store decides, by atomic changes, whether it ran and with which result.
 *
 * The adapters, SQL (embedded and PostgreSQL) and Redis, pass the same conformance suite.
 */
export interface JobStore {
  /** Creates what the store needs. */
  open(): Promise<void>;
  ping(): Promise<void>;

  /** Stores jobs. Returns null for each, or the head of the existing job with the same idempotency key. */
  insert(jobs: readonly NewJob[]): Promise<(JobHead | null)[]>;
  /** The job that has an idempotency key. */
  withKey(key: string): Promise<JobHead | null>;
  heads(ids: readonly string[]): Promise<(VersionedHead | null)[]>;
  records(ids: readonly string[]): Promise<(JobRecord | null)[]>;
  /** Makes up to 200 independent changes and announces them. Returns for each whether it was made. */
  change(changes: readonly HeadChange[]): Promise<boolean[]>;

  /** Newest first. */
  list(options: ListOptions): Promise<JobHead[]>;
  /** Number of pending jobs of the queue that were submitted before this one. */
  countAhead(task: string, id: string): Promise<number>;
  backlog(task: string): Promise<Backlog>;

  /** Pending jobs whose ttl has passed at `now`. */
  expired(now: number, limit: number): Promise<string[]>;
  /** Unfinished jobs from before `before` that are in no queue, because a crash interrupted them or the queue lost them. */
  orphans(task: string, before: number, limit: number): Promise<string[]>;
  /** Removes finished jobs whose retention has passed, and the oldest beyond `maxFinished`. Returns their number. */
  sweep(now: number, maxFinished: number, limit: number): Promise<number>;

  insertBatch(batch: JobBatch): Promise<void>;
  batch(id: string): Promise<JobBatch | null>;
  updateBatch(batch: JobBatch): Promise<void>;
  batchCounts(id: string): Promise<StatusCounts>;
  /** Ids of a batch's jobs by index, from `from`. */
  batchJobs(id: string, from: number, limit: number): Promise<string[]>;

  delivery(id: string): Promise<Delivery | null>;
  updateDelivery(delivery: Delivery): Promise<void>;
  deliveriesOf(jobId: string): Promise<Delivery[]>;
  /** Ids of pending deliveries from before `before` that are in no queue. */
  orphanDeliveries(before: number, limit: number): Promise<string[]>;
}

/** Is notified of changed jobs. */
export interface JobChangesListener {
  /** Ids of jobs that changed, here or in another process. */
  readonly onChanged: (ids: readonly string[]) => void;
  /** Announcements may have been missed, so everything must be checked again. */
  readonly onResync: () => void;
}
