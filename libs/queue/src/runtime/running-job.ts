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

/** Outcome of a job that was completed. */
export interface JobOutcome {
  /** The same as the synchronous reply. */
  readonly result: unknown;
  readonly model: string;
  readonly version: string;
}
