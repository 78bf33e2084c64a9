import type { JobHead } from '../records/job-record.js';

/** A running job. */
export interface RunningJob {
  readonly head: JobHead;
  /** The submitted body, parsed from JSON. The task validates it. */
  readonly input: unknown;
  /** Aborts if the job was canceled or taken by another worker, or if the worker stops. */
  readonly signal: AbortSignal;
  /** @param fraction 0..1 */
  progress(fraction: number): void;
}

/** Outcome of a completed job. */
export interface JobOutcome {
  /** The same as the synchronous reply. */
  readonly result: unknown;
  readonly model: string;
  readonly version: string;
}
