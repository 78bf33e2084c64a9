import type { Delivery } from '../records/delivery.js';
import type { JobBatch } from '../records/job-batch.js';
import type { JobHead, JobRecord, VersionedHead } from '../records/job-record.js';
import type {
  Backlog,
  HeadChange,
  JobChangesListener,
  JobStore,
  ListOptions,
  NewJob,
  StatusCounts,
} from '../store/job-store.js';

/** A store in memory. It has no access to queues, so it finds no orphans. */
export class MemoryJobStore implements JobStore {
  readonly jobs = new Map<string, JobRecord & { readonly key: string | null }>();
  readonly deliveriesById = new Map<string, Delivery>();
  readonly batches = new Map<string, JobBatch>();
  readonly listeners = new Set<JobChangesListener>();
  /** Awaited before each operation, with its name. It can fail or delay the operation. */
  before: (operation: keyof JobStore) => Promise<void> = () => Promise.resolve();
  /** Awaited after each operation. If it fails, the answer is lost but not the change. */
  after: (operation: keyof JobStore) => Promise<void> = () => Promise.resolve();

  open(): Promise<void> {
    return this.ping();
  }

  ping(): Promise<void> {
    return this.#do('ping', () => undefined);
  }

  insert(jobs: readonly NewJob[]): Promise<(JobHead | null)[]> {
    return this.#do('insert', () =>
      jobs.map(({ head, input, idempotencyKey: key }) => {
        const other = key === null ? null : this.#withKey(key);
        if (other !== null && other.id !== head.id) return other;
        if (!this.jobs.has(head.id)) this.jobs.set(head.id, { head, version: 1, input, result: null, key });
        return null;
      }),
    );
  }

  withKey(key: string): Promise<JobHead | null> {
    return this.#do('withKey', () => this.#withKey(key));
  }

  heads(ids: readonly string[]): Promise<(VersionedHead | null)[]> {
    return this.#do('heads', () => ids.map((id) => this.jobs.get(id) ?? null));
  }

  records(ids: readonly string[]): Promise<(JobRecord | null)[]> {
    return this.#do('records', () => ids.map((id) => this.jobs.get(id) ?? null));
  }

  change(changes: readonly HeadChange[]): Promise<boolean[]> {
    return this.#do('change', () =>
      changes.map(({ previous, next, result, delivery }) => {
        const job = this.jobs.get(next.id);
        if (job?.version !== previous.version) return false;
        this.jobs.set(next.id, {
          ...job,
          head: next,
          version: job.version + 1,
          result: result ?? job.result,
        });
        if (delivery !== null) this.deliveriesById.set(delivery.id, delivery);
        for (const { onChanged } of this.listeners) onChanged([next.id]);
        return true;
      }),
    );
  }

  list({ status, after, limit }: ListOptions): Promise<JobHead[]> {
    return this.#do('list', () =>
      this.#heads(
        (head) => (status === null || head.status === status) && (after === null || head.id < after),
      )
        .reverse()
        .slice(0, limit),
    );
  }

  countAhead(task: string, id: string): Promise<number> {
    return this.#do('countAhead', () => this.#pending(task).filter((head) => head.id < id).length);
  }

  backlog(task: string): Promise<Backlog> {
    return this.#do('backlog', () => {
      const pending = this.#pending(task);
      return { pending: pending.length, oldestPendingAt: pending[0]?.createdAt ?? null };
    });
  }

  expired(now: number, limit: number): Promise<string[]> {
    const isExpired = ({ status, expiresAt }: JobHead) =>
      status === 'pending' && expiresAt !== null && expiresAt <= now;
    return this.#do('expired', () =>
      this.#heads(isExpired)
        .slice(0, limit)
        .map(({ id }) => id),
    );
  }

  orphans(): Promise<string[]> {
    return this.#do('orphans', () => []);
  }

  sweep(): Promise<number> {
    return this.#do('sweep', () => 0);
  }

  insertBatch(batch: JobBatch): Promise<void> {
    return this.#do('insertBatch', () => void this.batches.set(batch.id, batch));
  }

  batch(id: string): Promise<JobBatch | null> {
    return this.#do('batch', () => this.batches.get(id) ?? null);
  }

  updateBatch(batch: JobBatch): Promise<void> {
    return this.#do('updateBatch', () => void this.batches.set(batch.id, batch));
  }

  batchCounts(id: string): Promise<StatusCounts> {
    return this.#do('batchCounts', () => {
      const counts = { pending: 0, processing: 0, completed: 0, failed: 0, canceled: 0 };
      for (const { status } of this.#heads(({ batchId }) => batchId === id)) counts[status]++;
      return counts;
    });
  }

  batchJobs(id: string, from: number, limit: number): Promise<string[]> {
    return this.#do('batchJobs', () =>
      this.#heads(({ batchId, batchIndex }) => batchId === id && (batchIndex ?? 0) >= from)
        .sort((a, b) => (a.batchIndex ?? 0) - (b.batchIndex ?? 0))
        .slice(0, limit)
        .map((head) => head.id),
    );
  }

  delivery(id: string): Promise<Delivery | null> {
    return this.#do('delivery', () => this.deliveriesById.get(id) ?? null);
  }

  updateDelivery(delivery: Delivery): Promise<void> {
    return this.#do('updateDelivery', () => void this.deliveriesById.set(delivery.id, delivery));
  }

  deliveriesOf(jobId: string): Promise<Delivery[]> {
    return this.#do('deliveriesOf', () =>
      [...this.deliveriesById.values()].filter((delivery) => delivery.jobId === jobId),
    );
  }

  orphanDeliveries(): Promise<string[]> {
    return this.#do('orphanDeliveries', () => []);
  }

  #withKey(key: string): JobHead | null {
    return [...this.jobs.values()].find((job) => job.key === key)?.head ?? null;
  }

  #pending(task: string): JobHead[] {
    return this.#heads((head) => head.status === 'pending' && head.task === task);
  }

  /** By id, so by age. */
  #heads(wanted: (head: JobHead) => boolean): JobHead[] {
    const heads = [...this.jobs.values()].map(({ head }) => head).filter(wanted);
    return heads.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #do<T>(operation: keyof JobStore, act: () => T): Promise<T> {
    await this.before(operation);
    const result = act();
    await this.after(operation);
    return result;
  }
}
