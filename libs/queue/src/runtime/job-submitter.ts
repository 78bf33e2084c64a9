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
 * Submits that go together, and calls under way at once. The SQL backends gain most by few large calls. Redis is given
 * several small ones: while it does one, the next is made ready here.
 */
const SUBMITS = {
  embedded: { maxItems: 200, maxCalls: 1 },
  postgres: { maxItems: 200, maxCalls: 2 },
  redis: { maxItems: 32, maxCalls: 4 },
} as const;
/**
 * Up to so many jobs are put into BullMQ's queue one by one: to take many at once its SQL makes temporary tables, which
 * takes as long as about so many single ones (7 ms embedded).
 */
const ADDED_ONE_BY_ONE = { embedded: 8, postgres: 5, redis: 1 } as const;

/** What of a connection is used here. */
export type SubmitterConnection = Pick<QueueConnection, 'kind' | 'inOrder' | 'jobOptions'> & {
  readonly store: Pick<QueueConnection['store'], 'insert'>;
};

/**
 * Stores jobs, then puts them into BullMQ's queues. Where a backend does what it is told in order, both are told at once,
 * unless a job has an idempotency key: it may be there already.
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

  /** For each job, itself, or the one that has its idempotency key already. */
  async submit(jobs: readonly NewJob[]): Promise<JobHead[]> {
    const taken = await this.#inserts.addAll(jobs);
    const left = jobs.filter((job, index) => taken[index] === null && !this.#isQueuedAtOnce(job));
    this.#remember(left);
    await eachTask(left, (task, heads) => this.#adderOf(task).addAll(heads));
    return jobs.map(({ head }, index) => taken[index] ?? head);
  }

  /** Puts a stored job into its queue; nothing happens when it is there. */
  async enqueue(head: JobHead): Promise<void> {
    await this.#adderOf(head.task).add(head);
  }

  /** The job as it was stored here, if that was a moment ago; once. It may have changed since. */
  takeFresh(id: string): JobRecord | null {
    return this.#fresh.take(id);
  }

  #isQueuedAtOnce({ idempotencyKey }: NewJob): boolean {
    return this.#connection.inOrder && idempotencyKey === null;
  }

  async #insert(jobs: readonly NewJob[]): Promise<(JobHead | null)[]> {
    const atOnce = jobs.filter((job) => this.#isQueuedAtOnce(job));
    // Before a worker may have it.
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

/** Does something with the heads of each task among `jobs`. */
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
