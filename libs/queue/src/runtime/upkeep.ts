import type { QueueLogger } from '../connection/queue-settings.js';
import type { JobHead } from '../records/job-record.js';
import { expire } from '../records/transitions.js';
import type { JobStore } from '../store/job-store.js';

/** What {@link Upkeep} needs of the queue that it keeps in order. */
export interface KeptQueue {
  readonly store: Pick<JobStore, 'expired' | 'heads' | 'orphanDeliveries' | 'orphans' | 'sweep'>;
  readonly tasks: readonly string[];
  readonly logger: Pick<QueueLogger, 'warn'>;
  readonly now: () => number;
  readonly isUp: boolean;
  enqueue(head: JobHead): Promise<void>;
  enqueueDelivery(id: string): Promise<void>;
  unqueue(head: JobHead): Promise<void>;
  update(id: string, step: (head: JobHead) => JobHead | null): Promise<JobHead | null>;
}

const INTERVAL_MS = 10_000;
/** Younger jobs are still on their way into their queue. */
const ORPHAN_AGE_MS = 15_000;
/** Others wait for the backend meanwhile. */
const PAGE = 500;
/** More than a backend finishes between two rounds, and an end to each part whatever comes meanwhile. */
const MAX_PAGES = 200;
const MAX_ORPHANS = 10_000;
/** A round that is under way at the end is waited for so long, then ends with the connection. */
const CLOSE_MS = 500;

/** Removes what is old, ends what waited too long, and queues what a crash kept out; every ten seconds. */
export class Upkeep {
  readonly #queue: KeptQueue;
  readonly #maxFinished: number;
  /** Jobs by task that no queue held when it was last looked. */
  readonly #missed = new Map<string, ReadonlySet<string>>();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #closed = false;

  /** @param maxFinished MAX_FINISHED_JOBS */
  constructor(queue: KeptQueue, maxFinished: number) {
    this.#queue = queue;
    this.#maxFinished = maxFinished;
  }

  /** Begins a round at once, unless one is under way. */
  start(): void {
    this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#running === null) return;
    await Promise.race([this.#running, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
  }

  /** One round. A part that fails does not keep the others from their work. */
  async run(): Promise<void> {
    const now = this.#queue.now();
    // First, as it makes room: a backend that is full refuses most of the rest.
    await this.#part('finished jobs', () => this.#sweep(now));
    await this.#part('expired jobs', () => this.#expire(now));
    for (const task of this.#queue.tasks) {
      await this.#part('lost jobs', () => this.#recover(task, now - ORPHAN_AGE_MS));
    }
    await this.#part('lost webhooks', () => this.#recoverDeliveries(now - ORPHAN_AGE_MS));
  }

  #schedule(inMs: number): void {
    if (this.#closed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#running !== null) return;
      this.#running = (this.#queue.isUp ? this.run() : Promise.resolve()).finally(() => {
        this.#running = null;
        this.#schedule(INTERVAL_MS);
      });
    }, inMs).unref();
  }

  async #part(name: string, work: () => Promise<void>): Promise<void> {
    try {
      if (!this.#closed) await work();
    } catch (error) {
      if (!this.#closed)
        this.#queue.logger.warn({ err: error, part: name }, 'the upkeep of the queue failed');
    }
  }

  async #sweep(now: number): Promise<void> {
    await this.#pages(async () => (await this.#queue.store.sweep(now, this.#maxFinished, PAGE)) === PAGE);
  }

  async #expire(now: number): Promise<void> {
    await this.#pages(async () => {
      const ids = await this.#queue.store.expired(now, PAGE);
      const ended = await Promise.all(ids.map((id) => this.#end(id, now)));
      return ids.length === PAGE && ended.includes(true);
    });
  }

  async #end(id: string, now: number): Promise<boolean> {
    const ended = await this.#queue.update(id, (head) => expire(head, now));
    if (ended !== null) await this.#queue.unqueue(ended).catch(() => undefined);
    return ended !== null;
  }

  async #recover(task: string, before: number): Promise<void> {
    const { store, logger } = this.#queue;
    const found = await store.orphans(task, before, MAX_ORPHANS);
    // What was missed once may have been done just then, its result on its way to the store.
    const lost = found.filter((id) => this.#missed.get(task)?.has(id));
    this.#missed.set(task, new Set(found));
    if (lost.length === 0) return;
    logger.warn({ task, jobs: lost.length }, 'jobs that no queue held are queued again');
    for (let from = 0; from < lost.length && !this.#closed; from += PAGE) {
      const heads = await store.heads(lost.slice(from, from + PAGE));
      await Promise.all(heads.flatMap((job) => (job === null ? [] : [this.#queue.enqueue(job.head)])));
    }
  }

  async #recoverDeliveries(before: number): Promise<void> {
    for (const id of await this.#queue.store.orphanDeliveries(before, PAGE)) {
      await this.#queue.enqueueDelivery(id);
    }
  }

  /** @param next works on one page; whether there is another */
  async #pages(next: () => Promise<boolean>): Promise<void> {
    for (let page = 0; page < MAX_PAGES && !this.#closed; page++) if (!(await next())) return;
  }
}
