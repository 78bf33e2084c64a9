import { randomUUID } from 'node:crypto';
import { AerieError } from '@aerie/contracts';
import { DelayedError, type Job, WaitingError, Worker } from 'bullmq';
import { queueNameOf } from '../queue-names.js';
import type { JobHead, JobRecord } from '../records/job-record.js';
import { attemptFailed, canceled, claim, completed, handedBack, progressed } from '../records/transitions.js';
import type { JobChanges } from './job-changes.js';
import { parsePayload } from './job-payload.js';
import type { JobQueue } from './job-queue.js';

/** A job while it runs. */
export interface RunningJob {
  readonly head: JobHead;
  /** As it was submitted, JSON parsed; the task checks it. */
  readonly input: unknown;
  /** Aborts when the job was canceled, was given to another worker, or the worker stops. */
  readonly signal: AbortSignal;
  /** @param fraction 0..1 */
  readonly progress: (fraction: number) => void;
}

/** What a job came to. */
export interface JobOutcome {
  /** As the synchronous reply. */
  readonly result: unknown;
  readonly model: string;
  readonly version: string;
}

/** Does one kind of work. */
export interface JobTask {
  readonly task: string;
  /** Jobs of this kind that run at once in one process: as many as the replicas can take. */
  readonly concurrency: number;
  /** @throws AerieError; one that is retryable by the error table is tried again */
  run(job: RunningJob): Promise<JobOutcome>;
}

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
const PROGRESS_INTERVAL_MS = 250;
const LOOK_DELAY_MS = 20;

/** Why a run was ended from outside. */
type Interruption = 'canceled' | 'lost' | 'stopping';

class RunInterrupted extends AerieError {
  readonly why: Interruption;

  constructor(why: Interruption) {
    super('CANCELED', `The run was ended: ${why}.`);
    this.why = why;
  }
}

/** Takes jobs of one kind from the queue and runs them, each to one stored end. */
export class JobWorker {
  readonly #queue: JobQueue;
  readonly #changes: JobChanges;
  readonly #task: JobTask;
  readonly #maxDeaths: number;
  readonly #running = new Map<string, AbortController>();
  #worker: Worker | null = null;
  #stopped = false;
  #lastCompletionAt: number | null = null;

  /** @param maxDeaths MAX_WORKER_DEATHS */
  constructor(queue: JobQueue, changes: JobChanges, task: JobTask, maxDeaths: number) {
    this.#queue = queue;
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
    const { workerOptions, backendFactory } = this.#queue.connection;
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
      this.#queue.logger.warn({ err: error.message, task: this.#task.task }, 'a worker reports an error');
    });
  }

  /** Takes no more jobs, lets those running end until `deadline` aborts, and hands the rest back. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopped = true;
    const worker = this.#worker;
    if (worker === null) return;
    const handBack = () => {
      for (const controller of this.#running.values()) controller.abort(new RunInterrupted('stopping'));
    };
    if (deadline.aborted) handBack();
    else deadline.addEventListener('abort', handBack, { once: true });
    await worker.close();
    deadline.removeEventListener('abort', handBack);
  }

  async #process(job: Job, token: string): Promise<void> {
    const { id } = parsePayload(job.data);
    const runId = randomUUID();
    const claimed = await this.#claim(id, runId, job, token);
    if (claimed === null) return;
    const controller = new AbortController();
    this.#running.set(id, controller);
    // Not at once: most announcements are of this run's own steps, and a short job is over by then.
    let look: NodeJS.Timeout | undefined;
    const unwatch = this.#changes.watch(id, () => {
      look ??= setTimeout(() => {
        look = undefined;
        void this.#look(id, runId, controller);
      }, LOOK_DELAY_MS);
    });
    try {
      await this.#run(claimed, runId, controller.signal, job, token);
      this.#lastCompletionAt = Date.now();
    } finally {
      unwatch();
      clearTimeout(look);
      this.#running.delete(id);
    }
  }

  /** The job, now ours; null when there is nothing to run. */
  async #claim(id: string, runId: string, job: Job, token: string): Promise<JobRecord | null> {
    for (;;) {
      const record = this.#queue.takeFresh(id) ?? (await this.#persist(() => this.#queue.record(id)));
      if (record === null) return null;
      const step = claim(record.head, runId, this.#queue.now(), this.#maxDeaths);
      switch (step.kind) {
        case 'finished':
          return null;
        case 'early':
          await job.moveToDelayed(Date.now() + step.waitMs, token);
          throw new DelayedError();
        case 'end':
          if (await this.#persist(() => this.#queue.change(record, step.next))) return null;
          break;
        case 'run':
          if (await this.#persist(() => this.#queue.change(record, step.next))) {
            return { ...record, head: step.next, version: record.version + 1 };
          }
      }
    }
  }

  async #run(record: JobRecord, runId: string, signal: AbortSignal, job: Job, token: string): Promise<void> {
    const progress = new ProgressWriter((fraction) =>
      this.#queue
        .update(record.head.id, (head) => progressed(head, runId, fraction, this.#queue.now()))
        .then(() => undefined),
    );
    try {
      const outcome = await this.#task.run({
        head: record.head,
        input: JSON.parse(record.input) as unknown,
        signal,
        progress: (fraction) => {
          progress.write(fraction);
        },
      });
      await progress.end();
      await this.#complete(record, outcome);
    } catch (error) {
      await progress.end();
      await this.#failed(record.head.id, runId, error, signal, job, token);
    }
  }

  async #complete(record: JobRecord, outcome: JobOutcome): Promise<void> {
    const result = JSON.stringify(outcome.result);
    const step = (head: JobHead) =>
      head.cancelRequested && head.status === 'processing'
        ? canceled(head, this.#queue.now())
        : completed(head, outcome, this.#queue.now());
    // As it was when it was claimed, nothing has changed it mostly: one trip instead of two.
    const next = step(record.head);
    if (next !== null && (await this.#persist(() => this.#queue.change(record, next, result)))) return;
    await this.#update(record.head.id, step, result);
  }

  async #failed(id: string, runId: string, error: unknown, signal: AbortSignal, job: Job, token: string) {
    const interrupted: unknown = signal.aborted ? signal.reason : null;
    const why = interrupted instanceof RunInterrupted ? interrupted.why : null;
    switch (why) {
      case 'lost':
        return;
      case 'canceled':
        await this.#update(id, (head) =>
          head.finishedAt === null ? canceled(head, this.#queue.now()) : null,
        );
        return;
      case 'stopping':
        await this.#update(id, (head) => handedBack(head, runId));
        await job.moveToWait(token);
        throw new WaitingError();
      case null: {
        const cause = toAerieError(error);
        if (cause.code === 'INTERNAL') this.#queue.logger.error({ err: error, job_id: id }, 'a job failed');
        const next = await this.#update(id, (head) =>
          head.cancelRequested
            ? canceledOnce(head, this.#queue.now())
            : attemptFailed(head, cause, this.#queue.now()),
        );
        // BullMQ delays it and gives it out again.
        if (next?.status === 'pending') throw cause;
      }
    }
  }

  async #update(
    id: string,
    step: (head: JobHead) => JobHead | null,
    result?: string,
  ): Promise<JobHead | null> {
    return this.#persist(() => this.#queue.update(id, step, result));
  }

  /** Looks whether the run is still wanted. */
  async #look(id: string, runId: string, controller: AbortController): Promise<void> {
    const found = await this.#queue.head(id).catch(() => null);
    if (found === null || controller.signal.aborted) return;
    const { status, runId: current, cancelRequested } = found.head;
    if (status !== 'processing' || current !== runId) controller.abort(new RunInterrupted('lost'));
    else if (cancelRequested) controller.abort(new RunInterrupted('canceled'));
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

function canceledOnce(head: JobHead, now: number): JobHead | null {
  return head.finishedAt === null ? canceled(head, now) : null;
}

function toAerieError(error: unknown): AerieError {
  if (error instanceof AerieError) return error;
  return new AerieError('INTERNAL', 'The job failed inside the server. Its id finds the cause in the log.', {
    cause: error,
  });
}

/** Writes progress at most every quarter of a second, and never two writes at once. Missed ones cost nothing. */
class ProgressWriter {
  readonly #write: (fraction: number) => Promise<void>;
  #pending: Promise<void> | null = null;
  #lastAt = 0;

  constructor(write: (fraction: number) => Promise<void>) {
    this.#write = write;
  }

  write(fraction: number): void {
    const now = performance.now();
    if (this.#pending !== null || fraction >= 1 || now - this.#lastAt < PROGRESS_INTERVAL_MS) return;
    this.#lastAt = now;
    this.#pending = this.#write(fraction)
      .catch(() => undefined)
      .finally(() => {
        this.#pending = null;
      });
  }

  async end(): Promise<void> {
    await this.#pending;
  }
}
