import type { JobHead } from '../records/job-record.js';

/** A job while it runs. */
export interface RunningJob {
  readonly head: JobHead;
  /** As it was submitted, JSON parsed; the task checks it. */
  readonly input: unknown;
  /** Aborts when the job was canceled, was given to another worker, or the worker stops. */
  readonly signal: AbortSignal;
  /** @param fraction 0..1 */
  progress(fraction: number): void;
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
