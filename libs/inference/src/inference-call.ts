import type { InferenceStats } from '@aerie/model-registry';

/** The model that a caller wants, and how long it waits. */
export interface InferenceCall {
  readonly model?: string;
  /** Number, `v2` or an alias. */
  readonly version?: string;
  /** Key that keeps a caller on one version of a traffic split. */
  readonly stickyKey?: string;
  /** Ends the call: the caller left, or the deadline passed. */
  readonly signal?: AbortSignal;
  /** By `performance.now()`. */
  readonly deadline?: number;
  /** Higher goes first. */
  readonly priority?: number;
}

/** The model that served a call, for headers and logs. */
export interface ServedBy {
  readonly model: string;
  readonly version: string;
  readonly stats: InferenceStats;
}

/** Time in the model's hands: tensors, run and results, without the wait. */
export function inferenceTimeMs(stats: InferenceStats): number {
  return round(stats.preprocessMs + stats.computeMs + stats.postprocessMs);
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
