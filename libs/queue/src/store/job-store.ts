import type { Delivery } from '../records/delivery.js';
import type { JobBatch } from '../records/job-batch.js';
import type { JobHead, JobRecord, JobStatus, VersionedHead } from '../records/job-record.js';

/** A job to be stored. */
export interface NewJob {
  readonly head: JobHead;
  /** JSON text. */
  readonly input: string;
  /** One job exists for each key, as long as it is kept. */
  readonly idempotencyKey: string | null;
}

/** A change of a job, made only if nobody changed it since it was read. */
export interface HeadChange {
  readonly previous: VersionedHead;
  readonly next: JobHead;
  /** JSON text, once there is one; null leaves what there is. */
  readonly result: string | null;
  /** Epoch milliseconds after which a finished job is removed; null for one that goes on. */
  readonly removeAt: number | null;
  /** What the change has to tell receivers: stored with it, or not at all. */
  readonly delivery: Delivery | null;
}

/** A page of a listing. */
export interface ListOptions {
  readonly status: JobStatus | null;
  /** Id of the last job of the page before. */
  readonly after: string | null;
  readonly limit: number;
}

/** How many jobs are in each state. */
export type StatusCounts = Readonly<Record<JobStatus, number>>;

/** What a worker's health tells of a queue. */
export interface Backlog {
  readonly pending: number;
  /** Epoch milliseconds. */
  readonly oldestPendingAt: number | null;
}

/**
 * What BullMQ does not keep: the jobs as callers see them, with idempotency, listings, batches and webhooks. BullMQ
 * decides when and where a job runs; whether it ran, and what came of it, is decided here, by changes that happen once.
 *
 * Adapters: SQL (embedded and PostgreSQL) and Redis; one conformance suite holds for all.
 */
export interface JobStore {
  /** Creates what the store needs. */
  open(): Promise<void>;
  ping(): Promise<void>;

  /** Stores jobs; for each, null, or the head of the job that has its idempotency key already. */
  insert(jobs: readonly NewJob[]): Promise<(JobHead | null)[]>;
  /** The job that has an idempotency key. */
  withKey(key: string): Promise<JobHead | null>;
  heads(ids: readonly string[]): Promise<(VersionedHead | null)[]>;
  records(ids: readonly string[]): Promise<(JobRecord | null)[]>;
  /** Makes up to 200 changes, each on its own; for each, whether it was made. Announces those made. */
  change(changes: readonly HeadChange[]): Promise<boolean[]>;

  /** Newest first. */
  list(options: ListOptions): Promise<JobHead[]>;
  /** How many pending jobs of the queue were submitted before this one. */
  countAhead(task: string, id: string): Promise<number>;
  backlog(task: string): Promise<Backlog>;

  /** Pending jobs whose ttl is over at `now`. */
  expired(now: number, limit: number): Promise<string[]>;
  /** Unfinished jobs made before `before` that no queue holds: their submit was cut short, or the queue lost them. */
  orphans(task: string, before: number, limit: number): Promise<string[]>;
  /** Removes finished jobs whose time is over, and the oldest beyond `maxFinished`. How many were removed. */
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
  /** Ids of pending deliveries made before `before` that no queue holds. */
  orphanDeliveries(before: number, limit: number): Promise<string[]>;
}

/** Hears which jobs changed. */
export interface JobChangesListener {
  /** Ids of jobs that changed, here or in another process. */
  readonly onChanged: (ids: readonly string[]) => void;
  /** Announcements may have been missed: look again at everything that matters. */
  readonly onResync: () => void;
}
