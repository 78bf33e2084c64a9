import type { Decoder } from '../decoder/decoder.js';
import type { GenerationTask, TaskEnvironment } from './generation-task.js';
import type { StepRecord, StreamUpdate } from './stream-update.js';

/** Options for a scheduler. */
export interface SchedulerOptions {
  readonly decoder: Decoder;
  readonly environment: TaskEnvironment;
  /** Rows that may be in use at a time. */
  readonly maxSlots: number;
  /** Maximum prompt tokens to prefill in one run. A fixed number, because results depend on it. */
  readonly chunkSize: number;
  /** Tokens that all rows together may hold, each counted with the capacity of the longest. */
  readonly kvBudgetTokens: number;
  /** Bytes of keys and values kept for later requests; 0 keeps none. */
  readonly prefixCacheBytes: number;
  /** Tokenizes a task's prompt. May throw an AerieError. */
  readonly encode: (task: GenerationTask) => readonly number[];
  /** Receives the effects of a step, once per run of the model. */
  readonly publish: (updates: readonly StreamUpdate[], steps: readonly StepRecord[]) => void;
  /** Receives errors that callers see only as INTERNAL. */
  readonly onFault: (error: unknown) => void;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}
