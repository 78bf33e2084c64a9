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
  /** As the store has it. */
  readonly record: JobRecord;
  /** The job as taken by this run: the record's head if that is written already, else what is to be written. */
  readonly taken: JobHead;
}

/** A job that is over sooner need not be written twice. */
const TAKEN_DELAY_MS = 20;
/** Most announcements are of a run's own steps, and a short job is over by then. */
const LOOK_DELAY_MS = 20;

/**
 * One run of a job, from its being taken to its one stored end. The run begins before it is written that the job was
 * taken: that follows after a moment, or goes with the end of a job that is over sooner. Each write names the version
 * that was taken, so that a job which was canceled meanwhile stays so.
 */
export class JobRun implements RunningJob {
  readonly #jobs: JobRepository;
  readonly #persist: <T>(operation: () => Promise<T>) => Promise<T>;
  readonly #clock: Clock;
  readonly #job: TakenJob;
  /** As the store has it, if nobody else has changed it. */
  #stored: VersionedHead;
  /** Made when it is asked for: many a short task never does. */
  #controller: AbortController | null = null;
  #interrupted: RunInterruptedError | null = null;
  /** When it is to be written that the job was taken, epoch milliseconds; null where it is written or on its way. */
  #writeAt: number | null = null;
  #writing: Promise<void> | null = null;
  /** When it is to be looked whether the run is still wanted. */
  #lookAt: number | null = null;
  #progress: ProgressWriter | null = null;

  /** @param persist repeats an operation while the store is away */
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
    // A receiver that wants this event must get it.
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

  /** Why it shall not go on; null while it may. */
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

  /** The job may have been changed by another. */
  notice(now: number): void {
    this.#lookAt ??= now + LOOK_DELAY_MS;
  }

  /** Does the work that is due. Whether more is to come. */
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

  /** The job after an attempt that failed; null when it was finished already. */
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

  /** Gives the job back unharmed. */
  async handBack(): Promise<void> {
    await this.#settled();
    await this.#update((head) => handedBack(head, this.#job.runId), null);
  }

  /** Does nothing more by itself. */
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
    // Nothing has changed it mostly: one trip instead of two.
    const next = step(this.#job.taken);
    if (next !== null && (await this.#persist(() => this.#jobs.change(this.#stored, next, result))))
      return next;
    return this.#update(step, result);
  }

  #update(step: (head: JobHead) => JobHead | null, result: string | null): Promise<JobHead | null> {
    return this.#persist(() => this.#jobs.update(this.head.id, step, result));
  }

  /** A write that was not begun yet goes with the next one; a write under way is waited for. */
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
    // Its own: a write that was sent again because the first answer was lost.
    if (found?.head.runId === runId) this.#stored = found;
    else this.interrupt(new RunInterruptedError('lost'));
  }
}

function canceledOnce(head: JobHead, now: number): JobHead | null {
  return head.finishedAt === null ? canceled(head, now) : null;
}
