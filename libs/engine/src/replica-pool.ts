import type { ItemResult } from './kernel.js';
import type { TensorMetadata } from './tensor.js';

/** Time of a batch in each stage in the replica's thread, in milliseconds. */
export interface StageTimes {
  /** Items to tensors. */
  readonly preprocessMs: number;
  /** The model's run. */
  readonly computeMs: number;
  /** Tensors to results. */
  readonly postprocessMs: number;
}

/** The outcome of one batch. */
export interface RunOutcome<O> {
  readonly results: readonly ItemResult<O>[];
  readonly times: StageTimes;
}

/** State of one replica. A `wedged` replica hangs in a run and is being replaced. */
export type ReplicaState = 'starting' | 'idle' | 'busy' | 'wedged' | 'restarting' | 'closed';

/** One replica as health reports it. */
export interface ReplicaStatus {
  readonly index: number;
  readonly state: ReplicaState;
  /** Execution provider in use, such as `cpu` or `cuda`; null before the first start. */
  readonly provider: string | null;
  /** GPU of the replica; null on the CPU. */
  readonly deviceId: number | null;
  /** How often the replica was replaced since the pool was opened. */
  readonly restarts: number;
}

/** Effect of an injected fault on the next batch of one replica, for tests. */
export type FaultKind =
  /** The kernel throws. */
  | 'throw'
  /** The thread blocks forever. */
  | 'hang'
  /** The thread exits in the middle of the batch. */
  | 'die'
  /** The whole process aborts, as a crash in native code would make it. */
  | 'crash';

/** Options for one batch. */
export interface BatchRunOptions {
  /** Buffers in the items that are transferred to the replica's thread instead of copied. */
  readonly transfer?: readonly ArrayBuffer[];
  /** Ends the run early, where the binding can: between two operators of the graph. */
  readonly signal?: AbortSignal;
}

/** Replicas of one model version: threads that each hold a session and a kernel and run one batch at a time. */
export interface ReplicaPool<I, O> {
  /** Inputs as the model declares them. */
  readonly inputs: readonly TensorMetadata[];
  /** Outputs as the model declares them. */
  readonly outputs: readonly TensorMetadata[];
  /** Number of replicas that are up, busy or not. Changes as replicas die and return. */
  readonly capacity: number;
  /** Calls `listener` after each change of {@link ReplicaPool.capacity}. Returns a function that stops listening. */
  onCapacityChange(listener: (capacity: number) => void): () => void;
  /**
   * Runs one batch on an idle replica. The pool has no queue: its user runs at most {@link ReplicaPool.capacity}
   * batches at once.
   *
   * @throws AerieError WORKER_LOST (retryable) when the replica died or took too long; INTERNAL when the
   *   kernel or the session threw; MODEL_NOT_LOADED when the pool is closed; the signal's reason when that ended the run.
   */
  run(items: readonly I[], options?: BatchRunOptions): Promise<RunOutcome<O>>;
  status(): readonly ReplicaStatus[];
  /** Makes the next batch fail with this fault. For tests: refused unless the engine allows faults. */
  injectFault(kind: FaultKind): void;
  /** Waits for running batches, releases the sessions and ends the threads. Idempotent. */
  close(): Promise<void>;
}
