import type { AerieError } from '@aerie/contracts';
import type { Clock } from '@aerie/runtime';
import type { JobHead, JobRecord, VersionedHead } from '../records/job-record.js';
import { attemptFailed, canceled, completed, handedBack, progressed } from '../records/transitions.js';
import type { JobRepository } from './job-repository.js';
import type { JobOutcome, RunningJob } from './running-job.js';
import { ProgressWriter } from './progress-writer.js';
import { RunInterruptedError } from './run-interrupted.error.js';

/** A job that a run has taken. */
export interface TakenJob {
  readonly runId: string;
  /** The stored job. */
  readonly record: JobRecord;
  /** The head as taken by this run: that of the record if it is already stored, otherwise a new one that is stored later. */
  readonly taken: JobHead;
}

/** A job that ends sooner is written only once. Milliseconds. */
const TAKEN_DELAY_MS = 20;
/** Delay before an announced job is read, because most announcements are the run's own and short jobs end sooner. */
const LOOK_DELAY_MS = 20;

/**
 * One run of a job, until its end is stored. The run starts before the store knows that the job was taken. That is
 * written after a short delay, or together with the end of a short job. Each write names the job's version, so a job
 * that was canceled meanwhile stays canceled.
 */
export class JobRun implements RunningJob {
  readonly #jobs: JobRepository;
  readonly #persist: <T>(operation: () => Promise<T>) => Promise<T>;
  readonly #clock: Clock;
  readonly #job: TakenJob;
  /** The stored head, unless another process has changed it. */
  #stored: VersionedHead;
  /** Created on demand, because short tasks do not need it. */
  #controller: AbortController | null = null;
  #interrupted: RunInterruptedError | null = null;
  /** When to store that the job was taken, epoch milliseconds; null once the write has begun. */
  #writeAt: number | null = null;
  #writing: Promise<void> | null = null;
  /** When to check whether the run is still wanted, epoch milliseconds. */
  #lookAt: number | null = null;
  #progress: ProgressWriter | null = null;

  /** @param persist repeats an operation while the store is unreachable */
  constructor(
    jobs: JobRepository,
    job: TakenJob,
    persist: <T>(operation: () => Promise<T>) => Promise<T>,
    clock: Clock,
  ) {
    this.#jobs = jobs;
    this.#clock = clock;
    this.#job = job;
    this.#persist = persist;
    this.#stored = job.record;
    if (job.taken === job.record.head) return;
    this.#writeAt = jobs.now() + TAKEN_DELAY_MS;
    // Receivers that subscribed to this event must get it, so it is written at once.
    if (job.taken.webhook?.events.includes('job.processing')) this.#writeTaken().catch(() => undefined);
  }

  get head(): JobHead {
    return this.#job.taken;
  }

  get input(): unknown {
    return JSON.parse(this.#job.record.input) as unknown;
  }

  /** Aborts with a {@link RunInterruptedError}. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#interrupted !== null) this.#controller.abort(this.#interrupted);
    }
    return this.#controller.signal;
  }

  /** Why the run must stop; null while it may go on. */
  get interrupted(): RunInterruptedError | null {
    return this.#interrupted;
  }

  interrupt(error: RunInterruptedError): void {
    this.#interrupted ??= error;
    this.#controller?.abort(error);
  }

  progress(fraction: number): void {
    this.#progress ??= new ProgressWriter((written) => this.#writeProgress(written), this.#clock);
    this.#progress.write(fraction);
  }

  /** Another process may have changed the job. */
  notice(now: number): void {
    this.#lookAt ??= now + LOOK_DELAY_MS;
  }

  /** Does the work that is due. Returns whether more is scheduled. */
  tick(now: number): boolean {
    if (this.#writeAt !== null && now >= this.#writeAt) this.#writeTaken().catch(() => undefined);
    if (this.#lookAt !== null && now >= this.#lookAt) {
      this.#lookAt = null;
      this.#look().catch(() => undefined);
    }
    return this.#writeAt !== null || this.#lookAt !== null;
  }

  /** @param result JSON text */
  async complete(outcome: JobOutcome, result: string): Promise<void> {
    const step = (head: JobHead) =>
      head.cancelRequested && head.status === 'processing'
        ? canceled(head, this.#jobs.now())
        : completed(head, outcome, this.#jobs.now());
    await this.#end(step, result);
  }

  /** Stores a failed attempt. Returns the job; null if it was already finished. */
  fail(cause: AerieError): Promise<JobHead | null> {
    return this.#end(
      (head) =>
        head.cancelRequested
          ? canceledOnce(head, this.#jobs.now())
          : attemptFailed(head, cause, this.#jobs.now()),
      null,
    );
  }

  async cancel(): Promise<void> {
    await this.#end((head) => canceledOnce(head, this.#jobs.now()), null);
  }

  /** Hands the job back, which uses up no attempt. */
  async handBack(): Promise<void> {
    await this.#settled();
    await this.#update((head) => handedBack(head, this.#job.runId), null);
  }

  /** Cancels scheduled work. */
  close(): void {
    this.#writeAt = null;
    this.#lookAt = null;
  }

  async #look(): Promise<void> {
    await this.#writeTaken();
    const found = await this.#jobs.head(this.head.id);
    if (found === null || this.#interrupted !== null) return;
    const { status, runId, cancelRequested } = found.head;
    if (status !== 'processing' || runId !== this.#job.runId) this.interrupt(new RunInterruptedError('lost'));
    else if (cancelRequested) this.interrupt(new RunInterruptedError('canceled'));
  }

  async #writeProgress(fraction: number): Promise<void> {
    await this.#writeTaken();
    await this.#jobs.update(this.head.id, (head) =>
      progressed(head, this.#job.runId, fraction, this.#jobs.now()),
    );
  }

  async #end(step: (head: JobHead) => JobHead | null, result: string | null): Promise<JobHead | null> {
    await this.#settled();
    // Usually nothing has changed the job, and one round trip is enough.
    const next = step(this.#job.taken);
    if (next !== null && (await this.#persist(() => this.#jobs.change(this.#stored, next, result))))
      return next;
    return this.#update(step, result);
  }

  #update(step: (head: JobHead) => JobHead | null, result: string | null): Promise<JobHead | null> {
    return this.#persist(() => this.#jobs.update(this.head.id, step, result));
  }

  /** Waits for running writes. A write that has not begun is part of the next one. */
  async #settled(): Promise<void> {
    this.close();
    if (this.#progress !== null) await this.#progress.end();
    if (this.#writing !== null) await this.#writing.catch(() => undefined);
  }

  #writeTaken(): Promise<void> {
    if (this.#writeAt !== null) {
      this.#writeAt = null;
      this.#writing = this.#write();
    }
    return this.#writing ?? Promise.resolve();
  }

  async #write(): Promise<void> {
    const { taken, runId } = this.#job;
    if (await this.#persist(() => this.#jobs.change(this.#stored, taken))) {
      this.#stored = { head: taken, version: this.#stored.version + 1 };
      return;
    }
    const found = await this.#persist(() => this.#jobs.head(taken.id));
    // The run's own id: the write was repeated because its first answer was lost.
    if (found?.head.runId === runId) this.#stored = found;
    else this.interrupt(new RunInterruptedError('lost'));
  }
}

function canceledOnce(head: JobHead, now: number): JobHead | null {
  return head.finishedAt === null ? canceled(head, now) : null;
}
