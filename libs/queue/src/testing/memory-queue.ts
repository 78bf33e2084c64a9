import { FakeClock, MemoryLogger } from '@aerie/test-support';
import type { Queue } from 'bullmq';
import type { LazyQueue } from '../bull/lazy-queue.js';
import type { QueueConnection } from '../connection/queue-connection.js';
import { WEBHOOK_QUEUE, queueNameOf } from '../queue-names.js';
import type { JobHead } from '../records/job-record.js';
import { Availability } from '../runtime/availability.js';
import { GuardedJobQueue } from '../runtime/guarded-job-queue.js';
import { JobChanges } from '../runtime/job-changes.js';
import { JobRepository } from '../runtime/job-repository.js';
import { MemoryJobStore } from './memory-job-store.js';
import { PENDING_JOB } from './pending-job.js';

/** Ids by queue, like BullMQ's. */
export type QueuedIds = Map<string, string[]>;

/** A BullMQ queue that only keeps ids. */
function memoryQueue(name: string, queued: QueuedIds): LazyQueue {
  const ids: string[] = [];
  queued.set(name, ids);
  const add = (_: string, __: unknown, options: { jobId?: string } = {}) => {
    ids.push(options.jobId ?? '');
    return Promise.resolve({});
  };
  const queue = {
    add,
    addBulk: (jobs: readonly { opts?: { jobId?: string } }[]) =>
      Promise.all(jobs.map(({ opts }) => add('', null, opts))),
    remove: (id: string) => {
      ids.splice(ids.indexOf(id), 1);
      return Promise.resolve(1);
    },
  };
  return { name, open: () => queue as unknown as Queue, close: () => undefined } as unknown as LazyQueue;
}

/** The job queue on a store in memory, with a fake clock whose time is also the epoch's. */
export async function newMemoryQueue(tasks: readonly string[] = ['embed']) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const store = new MemoryJobStore();
  const queued: QueuedIds = new Map();
  const connection = {
    kind: 'embedded',
    store,
    jobOptions: {},
    inOrder: false,
    subscribe: (listener: Parameters<QueueConnection['subscribe']>[0]) => {
      store.listeners.add(listener);
      return () => store.listeners.delete(listener);
    },
  } as unknown as QueueConnection;
  const queues = [...tasks.map(queueNameOf), WEBHOOK_QUEUE].map((name) => memoryQueue(name, queued));
  const now = () => clock.now();
  const jobs = new JobRepository({ connection, queues, logger, retentionMs: 3_600_000, now });
  const availability = new Availability({
    prepare: () => Promise.resolve(),
    ping: () => store.ping(),
    operationTimeoutMs: 900,
    logger,
    clock,
  });
  const changes = new JobChanges(connection);
  changes.start();
  const up = new Promise<void>((resolve) => {
    availability.onUp(resolve);
  });
  availability.start();
  await up;
  const queue = new GuardedJobQueue(jobs, availability, changes);
  /** Stores a job and queues it. */
  const submit = async (head: Partial<JobHead> = {}, input: unknown = {}) => {
    const whole: JobHead = { ...PENDING_JOB, ...head };
    await jobs.submit([{ head: whole, input: JSON.stringify(input), idempotencyKey: null }]);
    return whole.id;
  };
  const headOf = (id: string = PENDING_JOB.id) => store.jobs.get(id)?.head;
  return { clock, logger, store, queued, jobs, queue, availability, changes, submit, headOf };
}
