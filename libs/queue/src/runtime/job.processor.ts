import { randomUUID } from 'node:crypto';
import { AerieError } from '@aerie/contracts';
import { type Clock, backoffMs, every, sleep, systemClock } from '@aerie/runtime';
import { OnWorkerEvent, WorkerHost } from '@nestjs/bullmq';
import { DelayedError, type Job, WaitingError } from 'bullmq';
import { claim } from '../records/transitions.js';
import type { JobChanges } from './job-changes.js';
import { JOB_BACKOFF } from './job-options.js';
import { idOf } from './job-payload.js';
import type { JobRepository } from './job-repository.js';
import { JobRun, type TakenJob } from './job-run.js';
import { RunInterruptedError } from './run-interrupted.error.js';
import type { JobOutcome, RunningJob } from './running-job.js';

/** Options for a {@link JobProcessor}. */
export interface JobProcessorOptions {
  readonly jobs: JobRepository;
  readonly changes: Pick<JobChanges, 'watch'>;
  /** Jobs of one task that run at once in this process, as many as the replicas can take. */
  readonly concurrency: number;
  /** MAX_WORKER_DEATHS */
  readonly maxDeaths: number;
  readonly clock?: Clock;
}

/** Forward progress of a processor, for health. */
export interface ProcessorProgress {
  readonly task: string;
  readonly running: number;
  /** Epoch milliseconds; null before the first. */
  readonly lastCompletionAt: number | null;
}

const STORE_RETRY_MS = 250;
const TICK_MS = 10;
/** Results on their way to the store, per running job. Results that arrive together are written together. */
const WRITES_PER_RUN = 8;

/**
 * Takes jobs of one task from its queue, runs them and stores their ends. A subclass runs the task and is decorated with
 * `@Processor(queueNameOf(task), WORKER_OPTIONS)`.
 */
export abstract class JobProcessor extends WorkerHost {
  readonly #task: string;
  readonly #options: JobProcessorOptions;
  readonly #jobs: JobRepository;
  readonly #clock: Clock;
  readonly #running = new Map<string, JobRun>();
  /** Results on their way to the store. */
  readonly #writing = new Set<Promise<void>>();
  /** Stops the timer of all runs, which is active while a run has scheduled work. */
  #stopTicking: (() => void) | null = null;
  /** Prefix of the ids of its runs. */
  readonly #name = randomUUID();
  #runs = 0;
  #started = false;
  #stopped = false;
  #lastCompletionAt: number | null = null;

  constructor(task: string, options: JobProcessorOptions) {
    super();
    this.#task = task;
    this.#options = options;
    this.#jobs = options.jobs;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Runs one job.
   *
   * @throws AerieError. If it is retryable by the error table, the job is tried again.
   */
  abstract run(job: RunningJob): Promise<JobOutcome>;

  get progress(): ProcessorProgress {
    return { task: this.#task, running: this.#running.size, lastCompletionAt: this.#lastCompletionAt };
  }

  /** Starts to take jobs. Nest must have created its worker. */
  start(): void {
    if (this.#started || this.#stopped) return;
    this.#started = true;
    this.worker.concurrency = this.#options.concurrency;
    this.worker.run().catch((error: unknown) => {
      this.onError(error as Error);
    });
  }

  /** Takes no more jobs, lets running ones finish until `deadline` aborts, and hands the others back. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopped = true;
    if (!this.#started) return;
    const handBack = () => {
      for (const run of this.#running.values()) run.interrupt(new RunInterruptedError('stopping'));
    };
    if (deadline.aborted) handBack();
    else deadline.addEventListener('abort', handBack, { once: true });
    await this.worker.close();
    await Promise.all(this.#writing);
    deadline.removeEventListener('abort', handBack);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.#jobs.logger.warn({ err: error.message, task: this.#task }, 'a worker reported an error');
  }

  override async process(job: Job, token = ''): Promise<void> {
    const id = idOf(job);
    const taken = await this.#take(id, job, token);
    if (taken === null) return;
    const run = new JobRun(this.#jobs, taken, (operation) => this.#persist(operation), this.#clock);
    this.#running.set(id, run);
    this.#keepTicking();
    const unwatch = this.#options.changes.watch(id, () => {
      run.notice(this.#jobs.now());
      this.#keepTicking();
    });
    try {
      await this.#run(run, job, token);
      this.#lastCompletionAt = this.#jobs.now();
    } finally {
      unwatch();
      run.close();
      this.#running.delete(id);
    }
  }

  #keepTicking(): void {
    this.#stopTicking ??= every(this.#clock, TICK_MS, () => {
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#jobs.now();
    let more = false;
    for (const run of this.#running.values()) more = run.tick(now) || more;
    if (more) return;
    this.#stopTicking?.();
    this.#stopTicking = null;
  }

  /** Takes the job; null if there is nothing to run. */
  async #take(id: string, job: Job, token: string): Promise<TakenJob | null> {
    const runId = `${this.#name}-${String(++this.#runs)}`;
    const stored = this.#jobs.takeFresh(id);
    // A job that was handed out before has changed since, maybe in another process.
    let fresh = job.attemptsStarted > 1 ? null : stored;
    for (; ; fresh = null) {
      const record = fresh ?? (await this.#persist(() => this.#jobs.record(id)));
      if (record === null) return null;
      const step = claim(record.head, runId, this.#jobs.now(), this.#options.maxDeaths, job.stalledCounter);
      switch (step.kind) {
        case 'finished':
          return null;
        case 'early':
          return this.#delay(job, step.waitMs, token);
        case 'end':
          if (await this.#persist(() => this.#jobs.change(record, step.next))) return null;
          break;
        case 'run':
          if (record.head.status === 'pending' && step.next.deaths === record.head.deaths) {
            return { runId, record, taken: step.next };
          }
          // Its worker died, which is stored before the job can kill another.
          if (await this.#persist(() => this.#jobs.change(record, step.next))) {
            const now = { ...record, head: step.next, version: record.version + 1 };
            return { runId, record: now, taken: now.head };
          }
      }
    }
  }

  async #run(run: JobRun, job: Job, token: string): Promise<void> {
    try {
      const outcome = await this.run(run);
      await this.#complete(run, outcome, JSON.stringify(outcome.result));
    } catch (error) {
      await this.#failed(run, error, job, token);
    }
  }

  /**
   * Stores the result while BullMQ is told that the job is done. If only the latter succeeds, the upkeep finds a job that
   * no queue holds, and the job runs again. The number of results on their way is limited.
   */
  async #complete(run: JobRun, outcome: JobOutcome, result: string): Promise<void> {
    const written = run
      .complete(outcome, result)
      .catch((error: unknown) => {
        this.#jobs.logger.warn({ err: error, job_id: run.head.id }, 'a result could not be stored');
      })
      .finally(() => this.#writing.delete(written));
    this.#writing.add(written);
    if (this.#writing.size > WRITES_PER_RUN * this.#options.concurrency) await written;
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
        if (next?.status === 'pending') {
          return this.#delay(job, backoffMs(next.attempts, JOB_BACKOFF), token);
        }
      }
    }
  }

  /** BullMQ hands the job out again after `ms`. */
  async #delay(job: Job, ms: number, token: string): Promise<never> {
    await job.moveToDelayed(this.#jobs.now() + ms, token);
    throw new DelayedError();
  }

  /** Repeats an operation while the store is unreachable, because the state of a job must be stored. */
  async #persist<T>(operation: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await operation();
      } catch (error) {
        if (this.#stopped || error instanceof AerieError) throw error;
        await sleep(STORE_RETRY_MS, undefined, this.#clock);
      }
    }
  }
}

function toAerieError(error: unknown): AerieError {
  if (error instanceof AerieError) return error;
  return new AerieError(
    'INTERNAL',
    "The job failed inside the server. The log has the cause under the job's id.",
    {
      cause: error,
    },
  );
}
