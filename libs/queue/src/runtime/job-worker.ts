import { randomUUID } from 'node:crypto';
import { AerieError } from '@aerie/contracts';
import { DelayedError, type Job, WaitingError, Worker } from 'bullmq';
import { queueNameOf } from '../queue-names.js';
import { claim } from '../records/transitions.js';
import type { JobChanges } from './job-changes.js';
import { idOf } from './job-payload.js';
import type { JobRepository } from './job-repository.js';
import { JobRun, type TakenJob } from './job-run.js';
import type { JobOutcome, JobTask } from './job-task.js';
import { retryDelayMs } from './queue-options.js';
import { RunInterruptedError } from './run-interrupted.error.js';

/** Forward progress of a worker, for health. */
export interface WorkerProgress {
  readonly task: string;
  readonly running: number;
  /** Epoch milliseconds; null before the first. */
  readonly lastCompletionAt: number | null;
}

export const LOCK_MS = 15_000;
export const STALLED_CHECK_MS = 10_000;
/** The store counts deaths; BullMQ must not fail a job on its own. */
export const NEVER = 1_000_000_000;
const RUN_RETRY_MS = 1_000;
const STORE_RETRY_MS = 250;
const TICK_MS = 10;
/** Results on their way to the store, for each job that may run: those that come together are written together. */
const WRITES_PER_RUN = 8;

/** Takes jobs of one kind from the queue and runs them, each to exactly one stored end. */
export class JobWorker {
  readonly #jobs: JobRepository;
  readonly #changes: JobChanges;
  readonly #task: JobTask;
  readonly #maxDeaths: number;
  readonly #running = new Map<string, JobRun>();
  /** Results on their way to the store. */
  readonly #writing = new Set<Promise<void>>();
  #worker: Worker | null = null;
  /** One timer for all runs: it goes while one of them has something to do in time. */
  #ticker: NodeJS.Timeout | null = null;
  /** Names its runs. */
  readonly #name = randomUUID();
  #runs = 0;
  #stopped = false;
  #lastCompletionAt: number | null = null;

  /** @param maxDeaths MAX_WORKER_DEATHS */
  constructor(jobs: JobRepository, changes: JobChanges, task: JobTask, maxDeaths: number) {
    this.#jobs = jobs;
    this.#changes = changes;
    this.#task = task;
    this.#maxDeaths = maxDeaths;
  }

  get progress(): WorkerProgress {
    return {
      task: this.#task.task,
      running: this.#running.size,
      lastCompletionAt: this.#lastCompletionAt,
    };
  }

  /** Begins to take jobs; the backend must have been reached once. */
  start(): void {
    if (this.#worker !== null || this.#stopped) return;
    const { workerOptions, backendFactory } = this.#jobs.connection;
    this.#worker = new Worker(
      queueNameOf(this.#task.task),
      (job: Job, token?: string) => this.#process(job, token ?? ''),
      {
        ...workerOptions,
        concurrency: this.#task.concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: NEVER,
        runRetryDelay: RUN_RETRY_MS,
      },
      backendFactory as undefined,
    );
    this.#worker.on('error', (error) => {
      this.#jobs.logger.warn({ err: error.message, task: this.#task.task }, 'a worker reported an error');
    });
  }

  /** Takes no more jobs, lets running ones finish until `deadline` aborts, and hands the others back. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopped = true;
    const worker = this.#worker;
    if (worker === null) return;
    const handBack = () => {
      for (const run of this.#running.values()) run.interrupt(new RunInterruptedError('stopping'));
    };
    if (deadline.aborted) handBack();
    else deadline.addEventListener('abort', handBack, { once: true });
    await worker.close();
    await Promise.all(this.#writing);
    deadline.removeEventListener('abort', handBack);
  }

  async #process(job: Job, token: string): Promise<void> {
    const id = idOf(job);
    const taken = await this.#take(id, job, token);
    if (taken === null) return;
    const run = new JobRun(this.#jobs, taken, (operation) => this.#persist(operation));
    this.#running.set(id, run);
    this.#keepTicking();
    const unwatch = this.#changes.watch(id, () => {
      run.notice(this.#jobs.now());
      this.#keepTicking();
    });
    try {
      await this.#run(run, job, token);
      this.#lastCompletionAt = Date.now();
    } finally {
      unwatch();
      run.close();
      this.#running.delete(id);
    }
  }

  #keepTicking(): void {
    this.#ticker ??= setInterval(() => {
      this.#tick();
    }, TICK_MS);
  }

  #tick(): void {
    const now = this.#jobs.now();
    let more = false;
    for (const run of this.#running.values()) more = run.tick(now) || more;
    if (more || this.#ticker === null) return;
    clearInterval(this.#ticker);
    this.#ticker = null;
  }

  /** The job, now ours; null when there is nothing to run. */
  async #take(id: string, job: Job, token: string): Promise<TakenJob | null> {
    const runId = `${this.#name}-${String(++this.#runs)}`;
    const stored = this.#jobs.takeFresh(id);
    // One that was given out before was changed since, maybe by another process.
    let fresh = job.attemptsStarted > 1 ? null : stored;
    for (; ; fresh = null) {
      const record = fresh ?? (await this.#persist(() => this.#jobs.record(id)));
      if (record === null) return null;
      const step = claim(record.head, runId, this.#jobs.now(), this.#maxDeaths, job.stalledCounter);
      switch (step.kind) {
        case 'finished':
          return null;
        case 'early':
          return delay(job, step.waitMs, token);
        case 'end':
          if (await this.#persist(() => this.#jobs.change(record, step.next))) return null;
          break;
        case 'run':
          if (record.head.status === 'pending' && step.next.deaths === record.head.deaths) {
            return { runId, record, taken: step.next };
          }
          // Its worker died: that is counted before it may kill another.
          if (await this.#persist(() => this.#jobs.change(record, step.next))) {
            const now = { ...record, head: step.next, version: record.version + 1 };
            return { runId, record: now, taken: now.head };
          }
      }
    }
  }

  async #run(run: JobRun, job: Job, token: string): Promise<void> {
    try {
      const outcome = await this.#task.run(run);
      await this.#complete(run, outcome, JSON.stringify(outcome.result));
    } catch (error) {
      await this.#failed(run, error, job, token);
    }
  }

  /**
   * A result goes to the store while BullMQ is told that the job is done. Where only the latter comes about, the upkeep
   * finds a job that no queue holds, and it is run again. So many may be on their way.
   */
  async #complete(run: JobRun, outcome: JobOutcome, result: string): Promise<void> {
    const written = run
      .complete(outcome, result)
      .catch((error: unknown) => {
        this.#jobs.logger.warn({ err: error, job_id: run.head.id }, 'a result could not be stored');
      })
      .finally(() => this.#writing.delete(written));
    this.#writing.add(written);
    if (this.#writing.size > WRITES_PER_RUN * this.#task.concurrency) await written;
  }

  async #failed(run: JobRun, error: unknown, job: Job, token: string): Promise<void> {
    switch (run.interrupted?.why ?? null) {
      case 'lost':
        return;
      case 'canceled':
        await run.cancel();
        return;
      case 'stopping':
        await run.handBack();
        await job.moveToWait(token);
        throw new WaitingError();
      case null: {
        const cause = toAerieError(error);
        if (cause.code === 'INTERNAL') {
          this.#jobs.logger.error({ err: error, job_id: run.head.id }, 'a job failed');
        }
        const next = await run.fail(cause);
        if (next?.status === 'pending') return delay(job, retryDelayMs(next.attempts), token);
      }
    }
  }

  /** What has been done must be written down: while the store is away, it is tried again. */
  async #persist<T>(operation: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await operation();
      } catch (error) {
        if (this.#stopped || error instanceof AerieError) throw error;
        await new Promise((resolve) => setTimeout(resolve, STORE_RETRY_MS));
      }
    }
  }
}

/** BullMQ gives the job out again when the time is over. */
async function delay(job: Job, ms: number, token: string): Promise<never> {
  await job.moveToDelayed(Date.now() + ms, token);
  throw new DelayedError();
}

function toAerieError(error: unknown): AerieError {
  if (error instanceof AerieError) return error;
  return new AerieError(
    'INTERNAL',
    'The job failed inside the server. The log has the cause under the id of the job.',
    {
      cause: error,
    },
  );
}
