import { Queue } from 'bullmq';
import type { QueueConnection } from '../connection/queue-connection.js';
import { openConnection } from '../connection/open-connection.js';
import type { QueueBackendSettings, QueueLogger } from '../connection/queue-settings.js';
import { WEBHOOK_QUEUE, queueNameOf } from '../queue-names.js';
import type { Delivery } from '../records/delivery.js';
import {
  eventId,
  isTerminal,
  type JobHead,
  type JobRecord,
  type VersionedHead,
} from '../records/job-record.js';
import { expire } from '../records/transitions.js';
import type { HeadChange, JobStore, NewJob } from '../store/job-store.js';
import { Availability } from './availability.js';
import { Coalescer } from './coalescer.js';
import { PAYLOAD } from './job-payload.js';
import { JobSubmitter } from './job-submitter.js';
import { deliveryOptions } from './queue-options.js';

/** What a {@link JobQueue} is made from. */
export interface JobQueueOptions {
  readonly backend: QueueBackendSettings;
  /** Kinds of work that exist; each has a queue. */
  readonly tasks: readonly string[];
  readonly logger: QueueLogger;
  /** How long finished jobs are kept. */
  readonly retentionMs: number;
  /** How many finished jobs are kept at most. */
  readonly maxFinished: number;
  /** Clock, epoch milliseconds. */
  readonly now?: () => number;
}

/** Callers are answered within a second, whatever the backend does. */
const REMOTE_TIMEOUT_MS = 900;
/** The embedded backend is here or it is not; what takes long is a machine that is busy. */
const EMBEDDED_TIMEOUT_MS = 10_000;
/** Bulk work is not on a caller's second. */
export const BULK_TIMEOUT_MS = 30_000;

const MAINTENANCE_MS = 10_000;
/** Younger jobs are still on their way into their queue. */
const ORPHAN_AGE_MS = 15_000;
const MAINTENANCE_ITEMS = 500;
const COALESCED_ITEMS = 200;
/**
 * Calls of one sort under way at once. The embedded database and Redis run one after the other: what would wait there
 * waits here and goes together. PostgreSQL works on several.
 */
const COALESCED_CALLS = { embedded: 1, postgres: 2, redis: 1 } as const;
/**
 * Jobs as one backend keeps them: the store, which knows what became of each, and BullMQ's queues, which say who runs it
 * next. A job is stored first and queued second; what a crash left between the two is queued by {@link JobQueue.maintain}.
 */
export class JobQueue {
  readonly availability: Availability;
  readonly connection: QueueConnection;
  readonly retentionMs: number;
  readonly now: () => number;
  readonly #options: JobQueueOptions;
  readonly #queues = new Map<string, Queue>();
  readonly #submitter: JobSubmitter;
  /** Jobs by task that no queue held when it was last looked. */
  readonly #missed = new Map<string, ReadonlySet<string>>();
  readonly #changes: Coalescer<HeadChange, boolean>;
  readonly #heads: Coalescer<string, VersionedHead | null>;
  readonly #records: Coalescer<string, JobRecord | null>;
  #maintenance: NodeJS.Timeout | null = null;
  #maintaining: Promise<void> | null = null;
  #closed = false;

  constructor(options: JobQueueOptions) {
    this.#options = options;
    this.retentionMs = options.retentionMs;
    this.now = options.now ?? Date.now;
    this.connection = openConnection(options.backend, options.logger);
    const { store } = this.connection;
    this.availability = new Availability({
      prepare: () => this.connection.prepare(),
      ping: () => store.ping(),
      operationTimeoutMs: options.backend.kind === 'embedded' ? EMBEDDED_TIMEOUT_MS : REMOTE_TIMEOUT_MS,
      logger: options.logger,
    });
    this.#submitter = new JobSubmitter(this.connection, (name) => this.queue(name), this.now);
    const coalesced = { maxItems: COALESCED_ITEMS, maxCalls: COALESCED_CALLS[this.connection.kind] };
    this.#changes = new Coalescer((changes) => store.change(changes), {
      ...coalesced,
      keyOf: ({ next }) => next.id,
    });
    this.#heads = new Coalescer((ids) => store.heads(ids), coalesced);
    this.#records = new Coalescer((ids) => store.records(ids), coalesced);
    this.availability.onUp(() => {
      this.#scheduleMaintenance(0);
    });
  }

  get store(): JobStore {
    return this.connection.store;
  }

  get tasks(): readonly string[] {
    return this.#options.tasks;
  }

  get logger(): QueueLogger {
    return this.#options.logger;
  }

  /** Begins to connect; does not wait for it. */
  start(): void {
    this.availability.start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#maintenance !== null) clearTimeout(this.#maintenance);
    this.availability.close();
    // What hangs on a backend that is away ends with the connection.
    await Promise.race([
      this.#maintaining ?? Promise.resolve(),
      new Promise((r) => setTimeout(r, 500).unref()),
    ]);
    for (const queue of this.#queues.values()) void queue.close().catch(() => undefined);
    await this.connection.close();
  }

  /**
   * Stores jobs and queues them. For each, itself, or the job that has its idempotency key already.
   */
  submit(jobs: readonly NewJob[]): Promise<JobHead[]> {
    return this.#submitter.submit(jobs);
  }

  /** Puts a stored job into its queue; nothing happens when it is there. */
  enqueue(head: JobHead): Promise<void> {
    return this.#submitter.enqueue(head);
  }

  head(id: string): Promise<VersionedHead | null> {
    return this.#heads.add(id);
  }

  record(id: string): Promise<JobRecord | null> {
    return this.#records.add(id);
  }

  /** The job as this process stored it, if it did so a moment ago; once. It may have changed since. */
  takeFresh(id: string): JobRecord | null {
    return this.#submitter.takeFresh(id);
  }

  /** Makes a change with what follows from it: removal in time, and the webhook it tells. Whether it was made. */
  async change(previous: VersionedHead, next: JobHead, result: string | null = null): Promise<boolean> {
    const delivery = deliveryOf(previous.head, next);
    const made = await this.#changes.add({
      previous,
      next,
      result,
      removeAt: isTerminal(next.status) ? this.now() + this.retentionMs : null,
      delivery,
    });
    if (made && delivery !== null) await this.#send(delivery.id).catch(() => undefined);
    return made;
  }

  /**
   * Changes a job by `step` until it sticks; null when the job is gone or `step` refuses.
   *
   * @param step gives the next head, or null
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

  /** BullMQ's queue by its name; only while the backend has been reached once. */
  queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      const { queueOptions, backendFactory } = this.connection;
      queue = new Queue(name, queueOptions, backendFactory as undefined);
      queue.on('error', (error) => {
        this.#options.logger.warn({ err: error.message, queue: name }, 'a queue reports an error');
      });
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /** Removes a job that will not run from its queue. Held by a worker, it stays: the worker sees that it is canceled. */
  async unqueue(head: JobHead): Promise<void> {
    await this.queue(queueNameOf(head.task)).remove(head.id);
  }

  /** Queues what a crash kept out, ends what waited too long, removes what is old. */
  async maintain(): Promise<void> {
    const now = this.now();
    for (const task of this.#options.tasks) {
      const found = await this.store.orphans(task, now - ORPHAN_AGE_MS, MAINTENANCE_ITEMS);
      // What was missed once may have been done just then, its result on its way to the store.
      const lost = found.filter((id) => this.#missed.get(task)?.has(id));
      this.#missed.set(task, new Set(found));
      if (lost.length === 0) continue;
      this.#options.logger.warn({ task, jobs: lost.length }, 'jobs that no queue held are queued again');
      for (const job of await this.store.heads(lost)) if (job !== null) await this.enqueue(job.head);
    }
    for (const id of await this.store.orphanDeliveries(now - ORPHAN_AGE_MS, MAINTENANCE_ITEMS)) {
      await this.#send(id);
    }
    for (const id of await this.store.expired(now, MAINTENANCE_ITEMS)) {
      const ended = await this.update(id, (head) => expire(head, now));
      if (ended !== null) await this.unqueue(ended).catch(() => undefined);
    }
    await this.store.sweep(now, this.#options.maxFinished, MAINTENANCE_ITEMS);
  }

  #scheduleMaintenance(inMs: number): void {
    if (this.#closed) return;
    if (this.#maintenance !== null) clearTimeout(this.#maintenance);
    this.#maintenance = setTimeout(() => {
      this.#maintaining ??= this.#maintainOnce().finally(() => {
        this.#maintaining = null;
        this.#scheduleMaintenance(MAINTENANCE_MS);
      });
    }, inMs).unref();
  }

  async #maintainOnce(): Promise<void> {
    if (this.availability.state !== 'up') return;
    try {
      await this.maintain();
    } catch (error) {
      if (!this.#closed) this.#options.logger.warn({ err: error }, 'the upkeep of the queue failed');
    }
  }

  async #send(deliveryId: string): Promise<void> {
    await this.queue(WEBHOOK_QUEUE).add('deliver', PAYLOAD, {
      ...deliveryOptions(deliveryId),
      ...this.connection.jobOptions,
    });
  }
}

/** The webhook that a step calls for, if it made an event that the receiver wants. */
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
