import { type Clock, type Logger, backgroundClock, settlesWithin } from '@aerie/runtime';
import type { JobHead } from '../records/job-record.js';
import { expire } from '../records/transitions.js';
import type { JobStore } from '../store/job-store.js';

/** Part of the repository that {@link Upkeep} uses. */
export interface UpkeepJobs {
  readonly store: Pick<JobStore, 'expired' | 'heads' | 'orphanDeliveries' | 'orphans' | 'sweep'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly now: () => number;
  enqueue(head: JobHead): Promise<void>;
  enqueueDelivery(id: string): Promise<void>;
  unqueue(head: JobHead): Promise<void>;
  update(id: string, step: (head: JobHead) => JobHead | null): Promise<JobHead | null>;
}

/** Options for {@link Upkeep}. */
export interface UpkeepOptions {
  /** Tasks whose jobs it maintains. */
  readonly tasks: readonly string[];
  /** MAX_FINISHED_JOBS */
  readonly maxFinished: number;
  /** Whether the backend can be reached. If not, rounds are skipped. */
  readonly isUp: () => boolean;
  readonly clock?: Clock;
}

const INTERVAL_MS = 10_000;
/** Younger jobs may still be on their way to their queues. */
const ORPHAN_AGE_MS = 15_000;
/** Jobs per page. Other operations run between pages. */
const PAGE = 500;
/** More pages than a backend can fill between two rounds, so that each part of a round ends. */
const MAX_PAGES = 200;
const MAX_ORPHANS = 10_000;
/** How long close waits for a running round, which then ends with the connection. */
const CLOSE_MS = 500;

/** Every ten seconds, removes old jobs, ends jobs that waited too long, and queues jobs that a crash left in no queue. */
export class Upkeep {
  readonly #jobs: UpkeepJobs;
  readonly #options: UpkeepOptions;
  readonly #clock: Clock;
  /** Jobs by task that were in no queue in the last round. */
  readonly #missed = new Map<string, ReadonlySet<string>>();
  #cancelTimer: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(jobs: UpkeepJobs, options: UpkeepOptions) {
    this.#jobs = jobs;
    this.#options = options;
    this.#clock = options.clock ?? backgroundClock;
  }

  /** Starts a round at once, unless one is running. */
  start(): void {
    this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    if (this.#running !== null) await settlesWithin(this.#running, CLOSE_MS, this.#clock);
  }

  /** One round. A part that fails does not prevent the others. */
  async run(): Promise<void> {
    const now = this.#jobs.now();
    // First, because it frees space: a full backend refuses most of the rest.
    await this.#part('finished jobs', () => this.#sweep(now));
    await this.#part('expired jobs', () => this.#expire(now));
    for (const task of this.#options.tasks) {
      await this.#part('lost jobs', () => this.#recover(task, now - ORPHAN_AGE_MS));
    }
    await this.#part('lost webhooks', () => this.#recoverDeliveries(now - ORPHAN_AGE_MS));
  }

  #schedule(inMs: number): void {
    if (this.#closed) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.schedule(inMs, () => {
      if (this.#running !== null) return;
      this.#running = (this.#options.isUp() ? this.run() : Promise.resolve()).finally(() => {
        this.#running = null;
        this.#schedule(INTERVAL_MS);
      });
    });
  }

  async #part(name: string, work: () => Promise<void>): Promise<void> {
    try {
      if (!this.#closed) await work();
    } catch (error) {
      if (!this.#closed) this.#jobs.logger.warn({ err: error, part: name }, 'the upkeep of the queue failed');
    }
  }

  async #sweep(now: number): Promise<void> {
    await this.#pages(
      async () => (await this.#jobs.store.sweep(now, this.#options.maxFinished, PAGE)) === PAGE,
    );
  }

  async #expire(now: number): Promise<void> {
    await this.#pages(async () => {
      const ids = await this.#jobs.store.expired(now, PAGE);
      const ended = await Promise.all(ids.map((id) => this.#end(id, now)));
      return ids.length === PAGE && ended.includes(true);
    });
  }

  async #end(id: string, now: number): Promise<boolean> {
    const ended = await this.#jobs.update(id, (head) => expire(head, now));
    if (ended !== null) await this.#jobs.unqueue(ended).catch(() => undefined);
    return ended !== null;
  }

  async #recover(task: string, before: number): Promise<void> {
    const { store, logger } = this.#jobs;
    const found = await store.orphans(task, before, MAX_ORPHANS);
    // A job that was missed only once may just have ended, with its result on its way to the store.
    const lost = found.filter((id) => this.#missed.get(task)?.has(id));
    this.#missed.set(task, new Set(found));
    if (lost.length === 0) return;
    logger.warn({ task, jobs: lost.length }, 'jobs that were in no queue are queued again');
    for (let from = 0; from < lost.length && !this.#closed; from += PAGE) {
      const heads = await store.heads(lost.slice(from, from + PAGE));
      await Promise.all(heads.flatMap((job) => (job === null ? [] : [this.#jobs.enqueue(job.head)])));
    }
  }

  async #recoverDeliveries(before: number): Promise<void> {
    for (const id of await this.#jobs.store.orphanDeliveries(before, PAGE)) {
      await this.#jobs.enqueueDelivery(id);
    }
  }

  /** @param next works on one page and returns whether there is another */
  async #pages(next: () => Promise<boolean>): Promise<void> {
    for (let page = 0; page < MAX_PAGES && !this.#closed; page++) if (!(await next())) return;
  }
}
