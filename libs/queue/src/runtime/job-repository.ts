import type { Queue } from 'bullmq';
import type { Logger } from '@aerie/runtime';
import type { QueueConnection } from '../connection/queue-connection.js';
import type { LazyQueue } from '../bull/lazy-queue.js';
import { WEBHOOK_QUEUE, queueNameOf } from '../queue-names.js';
import type { Delivery } from '../records/delivery.js';
import {
  eventId,
  isTerminal,
  type JobHead,
  type JobRecord,
  type VersionedHead,
} from '../records/job-record.js';
import type { HeadChange, JobStore, NewJob } from '../store/job-store.js';
import { Coalescer } from './coalescer.js';
import { PAYLOAD } from './job-payload.js';
import { JobSubmitter } from './job-submitter.js';
import { deliveryOptions } from './delivery-options.js';

/** Options for a {@link JobRepository}. */
export interface JobRepositoryOptions {
  readonly connection: QueueConnection;
  /** BullMQ's queues, one for each task and one for webhooks. */
  readonly queues: readonly LazyQueue[];
  readonly logger: Logger;
  /** How long finished jobs are kept, milliseconds. */
  readonly retentionMs: number;
  /** Epoch milliseconds. Default: the machine's clock. */
  readonly now?: () => number;
}

const COALESCED_ITEMS = 200;
/**
 * Maximum concurrent calls of one kind. The embedded database and Redis run one at a time, so calls that would wait
 * there wait here and are combined. PostgreSQL runs several.
 */
const COALESCED_CALLS = { embedded: 1, postgres: 2, redis: 1 } as const;

/**
 * The jobs of one backend: the store, which holds their states, and BullMQ's queues, which decide the order. A job is
 * stored first and queued second. If a crash comes in between, the upkeep queues the job. Operations take as long as
 * the backend does; callers that cannot wait use the {@link JobQueue}.
 */
export class JobRepository {
  readonly connection: QueueConnection;
  readonly logger: Logger;
  readonly now: () => number;
  readonly #retentionMs: number;
  readonly #queues: ReadonlyMap<string, LazyQueue>;
  readonly #submitter: JobSubmitter;
  readonly #changes: Coalescer<HeadChange, boolean>;
  readonly #heads: Coalescer<string, VersionedHead | null>;
  readonly #records: Coalescer<string, JobRecord | null>;

  constructor({ connection, queues, logger, retentionMs, now = Date.now }: JobRepositoryOptions) {
    this.connection = connection;
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]));
    this.logger = logger;
    this.now = now;
    this.#retentionMs = retentionMs;
    const { store } = connection;
    this.#submitter = new JobSubmitter(connection, (name) => this.queue(name), now);
    const coalesced = { maxItems: COALESCED_ITEMS, maxCalls: COALESCED_CALLS[connection.kind] };
    this.#changes = new Coalescer((changes) => store.change(changes), {
      ...coalesced,
      keyOf: ({ next }) => next.id,
    });
    this.#heads = new Coalescer((ids) => store.heads(ids), coalesced);
    this.#records = new Coalescer((ids) => store.records(ids), coalesced);
  }

  get store(): JobStore {
    return this.connection.store;
  }

  /**
   * Stores jobs and queues them. Returns each job, or the existing one with the same idempotency key.
   */
  submit(jobs: readonly NewJob[]): Promise<JobHead[]> {
    return this.#submitter.submit(jobs);
  }

  /** Puts a stored job into its queue unless it is already there. */
  enqueue(head: JobHead): Promise<void> {
    return this.#submitter.enqueue(head);
  }

  head(id: string): Promise<VersionedHead | null> {
    return this.#heads.add(id);
  }

  record(id: string): Promise<JobRecord | null> {
    return this.#records.add(id);
  }

  /** Returns a job that this process has just stored, once. The job may have changed since. */
  takeFresh(id: string): JobRecord | null {
    return this.#submitter.takeFresh(id);
  }

  /** Makes a change, schedules the removal of a finished job, and sends its webhook. Whether the change was made. */
  async change(previous: VersionedHead, next: JobHead, result: string | null = null): Promise<boolean> {
    const delivery = deliveryOf(previous.head, next);
    const made = await this.#changes.add({
      previous,
      next,
      result,
      removeAt: isTerminal(next.status) ? this.now() + this.#retentionMs : null,
      delivery,
    });
    if (made && delivery !== null) await this.enqueueDelivery(delivery.id).catch(() => undefined);
    return made;
  }

  /**
   * Applies `step` to the job until no concurrent change interferes. Null if the job was removed or `step` returns null.
   *
   * @param step returns the next head, or null
   */
  async update(
    id: string,
    step: (head: JobHead) => JobHead | null,
    result: string | null = null,
  ): Promise<JobHead | null> {
    for (;;) {
      const found = await this.head(id);
      if (found === null) return null;
      const next = step(found.head);
      if (next === null) return null;
      if (await this.change(found, next, result)) return next;
    }
  }

  /** BullMQ's queue by its name. Call it only after the backend was reached. */
  queue(name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new Error(`No queue ${name} is registered. This is a bug.`);
    return queue.open();
  }

  /** Closes BullMQ's queues, without waiting. */
  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }

  /** Removes a job that will not run from its queue. If a worker holds it, the worker sees that it is canceled. */
  async unqueue(head: JobHead): Promise<void> {
    await this.queue(queueNameOf(head.task)).remove(head.id);
  }

  /** Puts a stored webhook into its queue unless it is already there. */
  async enqueueDelivery(id: string): Promise<void> {
    const options = { ...deliveryOptions(id), ...this.connection.jobOptions };
    await this.queue(WEBHOOK_QUEUE).add('deliver', PAYLOAD, options);
  }
}

/** The delivery for a step, if the step made an event that the receiver subscribed to. */
function deliveryOf(previous: JobHead, next: JobHead): Delivery | null {
  const { event, webhook } = next;
  if (webhook === null || event === null || event.sequence === previous.event?.sequence) return null;
  if (!webhook.events.includes(event.type)) return null;
  return {
    v: 1,
    id: eventId(next, event),
    jobId: next.id,
    event,
    progress: next.progress,
    status: 'pending',
    attempts: [],
    nextAttemptAt: event.at,
  };
}
