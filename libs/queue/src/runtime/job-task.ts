import type { JobHead } from '../records/job-record.js';

/** A running job. */
export interface RunningJob {
  readonly head: JobHead;
  /** As it was submitted, JSON parsed; the task checks it. */
  readonly input: unknown;
  /** Aborts when the job was canceled, was given to another worker, or the worker stops. */
  readonly signal: AbortSignal;
  /** @param fraction 0..1 */
  progress(fraction: number): void;
}

/** The outcome of a job. */
export interface JobOutcome {
  /** The same as the synchronous reply. */
  readonly result: unknown;
  readonly model: string;
  readonly version: string;
}

/** Does one kind of work. */
export interface JobTask {
  readonly task: string;
  /** Concurrent jobs of this kind in one process: as many as the replicas can run. */
  readonly concurrency: number;
  /** @throws AerieError; an error that is retryable by the error table is retried */
  run(job: RunningJob): Promise<JobOutcome>;
}
