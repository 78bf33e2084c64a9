import { cancelAsked } from '../records/transitions.js';
import type { Delivery } from '../records/delivery.js';
import type { JobBatch } from '../records/job-batch.js';
import type { JobHead, JobRecord } from '../records/job-record.js';
import type { Backlog, ListOptions, NewJob, StatusCounts } from '../store/job-store.js';
import type { Availability, AvailabilityState } from './availability.js';
import type { JobChanges } from './job-changes.js';
import { JobQueue } from './job-queue.js';
import type { JobRepository } from './job-repository.js';

/** Bulk operations may take longer than a second. */
const BULK_TIMEOUT_MS = 30_000;

/** A {@link JobQueue} on a repository that may be unreachable. */
export class GuardedJobQueue extends JobQueue {
  readonly #jobs: JobRepository;
  readonly #availability: Availability;
  readonly #changes: JobChanges;

  constructor(jobs: JobRepository, availability: Availability, changes: JobChanges) {
    super();
    this.#jobs = jobs;
    this.#availability = availability;
    this.#changes = changes;
  }

  override get backend() {
    return this.#jobs.connection.kind;
  }

  override get state(): AvailabilityState {
    return this.#availability.state;
  }

  override now(): number {
    return this.#jobs.now();
  }

  override reachable(timeoutMs: number): Promise<boolean> {
    return this.#availability.reachable(timeoutMs);
  }

  override watch(id: string, changed: () => void): () => void {
    return this.#changes.watch(id, changed);
  }

  override submit(jobs: readonly NewJob[]): Promise<JobHead[]> {
    const submit = () => this.#jobs.submit(jobs);
    return jobs.length > 1 ? this.#bulk(submit) : this.#use(submit);
  }

  override head(id: string): Promise<JobHead | null> {
    return this.#use(async () => (await this.#jobs.head(id))?.head ?? null);
  }

  override record(id: string): Promise<JobRecord | null> {
    return this.#use(() => this.#jobs.record(id));
  }

  override withKey(key: string): Promise<JobHead | null> {
    return this.#use(() => this.#store.withKey(key));
  }

  override cancel(id: string): Promise<JobHead | null> {
    return this.#use(() => this.#cancel(id));
  }

  override async cancelAll(ids: readonly string[]): Promise<void> {
    await this.#bulk(() => Promise.all(ids.map((id) => this.#cancel(id))));
  }

  override list(options: ListOptions): Promise<JobHead[]> {
    return this.#use(() => this.#store.list(options));
  }

  override countAhead({ task, id }: JobHead): Promise<number> {
    return this.#use(() => this.#store.countAhead(task, id));
  }

  override backlog(task: string): Promise<Backlog> {
    return this.#bulk(() => this.#store.backlog(task));
  }

  override deliveries(jobId: string): Promise<Delivery[]> {
    return this.#use(() => this.#store.deliveriesOf(jobId));
  }

  override insertBatch(batch: JobBatch): Promise<void> {
    return this.#use(() => this.#store.insertBatch(batch));
  }

  override batch(id: string): Promise<JobBatch | null> {
    return this.#use(() => this.#store.batch(id));
  }

  override updateBatch(batch: JobBatch): Promise<void> {
    return this.#use(() => this.#store.updateBatch(batch));
  }

  override batchCounts(id: string): Promise<StatusCounts> {
    return this.#use(() => this.#store.batchCounts(id));
  }

  override batchJobs(id: string, from: number, limit: number): Promise<string[]> {
    return this.#use(() => this.#store.batchJobs(id, from, limit));
  }

  override batchRecords(id: string, from: number, limit: number): Promise<(JobRecord | null)[]> {
    return this.#use(async () => this.#store.records(await this.#store.batchJobs(id, from, limit)));
  }

  get #store() {
    return this.#jobs.store;
  }

  async #cancel(id: string): Promise<JobHead | null> {
    const next = await this.#jobs.update(id, (head) => cancelAsked(head, this.now()));
    // The job is canceled even if BullMQ's queue still holds it, because a worker does not run a canceled job.
    if (next?.status === 'canceled') await this.#jobs.unqueue(next).catch(() => undefined);
    return next;
  }

  #use<T>(operation: () => Promise<T>): Promise<T> {
    return this.#availability.use(operation);
  }

  #bulk<T>(operation: () => Promise<T>): Promise<T> {
    return this.#availability.use(operation, BULK_TIMEOUT_MS);
  }
}
