import type { Queue } from 'bullmq';
import type { QueueConnection } from '../connection/queue-connection.js';
import { queueNameOf } from '../queue-names.js';
import type { JobHead, JobRecord } from '../records/job-record.js';
import type { NewJob } from '../store/job-store.js';
import { Coalescer } from './coalescer.js';
import { FreshRecords } from './fresh-records.js';
import { PAYLOAD } from './job-payload.js';
import { jobOptions } from './job-options.js';

/**
 * Submissions per call, and concurrent calls. Few large calls are fastest on the SQL backends. Redis gets several small
 * ones, so that the next is prepared while it runs one.
 */
const SUBMITS = {
  embedded: { maxItems: 200, maxCalls: 1 },
  postgres: { maxItems: 200, maxCalls: 2 },
  redis: { maxItems: 32, maxCalls: 4 },
} as const;
/**
 * Up to this many jobs are added to BullMQ's queue one by one. For many at once, its SQL creates temporary tables, which
 * takes about as long as this many single calls (7 ms embedded).
 */
const ADDED_ONE_BY_ONE = { embedded: 8, postgres: 5, redis: 1 } as const;

/** The part of a connection that is used here. */
export type SubmitterConnection = Pick<QueueConnection, 'kind' | 'inOrder' | 'jobOptions'> & {
  readonly store: Pick<QueueConnection['store'], 'insert'>;
};

/**
 * Stores jobs, then adds them to BullMQ's queues. If the backend keeps the order of commands, both are sent at once,
 * except for a job with an idempotency key, which may already exist.
 */
export class JobSubmitter {
  readonly #connection: SubmitterConnection;
  readonly #queueOf: (name: string) => Pick<Queue, 'add' | 'addBulk'>;
  readonly #now: () => number;
  readonly #fresh = new FreshRecords();
  readonly #inserts: Coalescer<NewJob, JobHead | null>;
  readonly #adders = new Map<string, Coalescer<JobHead, null>>();

  /** @param queueOf BullMQ's queue by its name */
  constructor(
    connection: SubmitterConnection,
    queueOf: (name: string) => Pick<Queue, 'add' | 'addBulk'>,
    now: () => number,
  ) {
    this.#connection = connection;
    this.#queueOf = queueOf;
    this.#now = now;
    this.#inserts = new Coalescer((jobs) => this.#insert(jobs), SUBMITS[connection.kind]);
  }

  /** Returns each job, or the existing one with the same idempotency key. */
  async submit(jobs: readonly NewJob[]): Promise<JobHead[]> {
    const taken = await this.#inserts.addAll(jobs);
    const left = jobs.filter((job, index) => taken[index] === null && !this.#isQueuedAtOnce(job));
    this.#remember(left);
    await eachTask(left, (task, heads) => this.#adderOf(task).addAll(heads));
    return jobs.map(({ head }, index) => taken[index] ?? head);
  }

  /** Puts a stored job into its queue unless it is already there. */
  async enqueue(head: JobHead): Promise<void> {
    await this.#adderOf(head.task).add(head);
  }

  /** Returns a job that was just stored here, once. The job may have changed since. */
  takeFresh(id: string): JobRecord | null {
    return this.#fresh.take(id);
  }

  #isQueuedAtOnce({ idempotencyKey }: NewJob): boolean {
    return this.#connection.inOrder && idempotencyKey === null;
  }

  async #insert(jobs: readonly NewJob[]): Promise<(JobHead | null)[]> {
    const atOnce = jobs.filter((job) => this.#isQueuedAtOnce(job));
    // Before a worker can take it.
    this.#remember(atOnce);
    try {
      const stored = this.#connection.store.insert(jobs);
      const queued = eachTask(atOnce, (task, heads) => this.#addToQueue(task, heads));
      const [taken] = await Promise.all([stored, queued]);
      return taken;
    } catch (error) {
      for (const { head } of atOnce) this.#fresh.take(head.id);
      throw error;
    }
  }

  #remember(jobs: readonly NewJob[]): void {
    for (const { head, input } of jobs) this.#fresh.add({ head, version: 1, input, result: null });
  }

  #adderOf(task: string): Coalescer<JobHead, null> {
    let adder = this.#adders.get(task);
    if (adder === undefined) {
      const add = async (heads: readonly JobHead[]) => {
        await this.#addToQueue(task, heads);
        return heads.map(() => null);
      };
      adder = new Coalescer(add, SUBMITS[this.#connection.kind]);
      this.#adders.set(task, adder);
    }
    return adder;
  }

  async #addToQueue(task: string, heads: readonly JobHead[]): Promise<void> {
    const { kind, jobOptions: common } = this.#connection;
    const queue = this.#queueOf(queueNameOf(task));
    const now = this.#now();
    const jobs = heads.map((head) => ({
      name: 'run',
      data: PAYLOAD,
      opts: { ...jobOptions(head, now), ...common },
    }));
    if (jobs.length > ADDED_ONE_BY_ONE[kind]) await queue.addBulk(jobs);
    else await Promise.all(jobs.map(({ name, data, opts }) => queue.add(name, data, opts)));
  }
}

/** Calls a function with the heads of each task in `jobs`. */
async function eachTask(
  jobs: readonly NewJob[],
  run: (task: string, heads: readonly JobHead[]) => Promise<unknown>,
): Promise<void> {
  const tasks = new Map<string, JobHead[]>();
  for (const { head } of jobs) {
    const heads = tasks.get(head.task);
    if (heads === undefined) tasks.set(head.task, [head]);
    else heads.push(head);
  }
  await Promise.all([...tasks].map(([task, heads]) => run(task, heads)));
}
