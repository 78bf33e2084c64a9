import type { ReplicaPool } from './replica-pool.js';

/** Preferred device: `auto` uses a GPU if one is available, `gpu` requests one and reports its absence. */
export type DevicePreference = 'auto' | 'cpu' | 'gpu';

/** Options for a pool of replicas, copied into the replicas' threads. */
export interface ReplicaPoolOptions {
  /** Name of the model, for log lines, messages and thread names. */
  readonly model: string;
  /** Without `v`, such as `2`. */
  readonly version: string;
  /** Absolute path of the ONNX file. */
  readonly modelPath: string;
  /** The module that exports `createKernel`, and the options it is called with. */
  readonly kernel: { readonly moduleUrl: string; readonly options: unknown };
  /**
   * Items of the trial run that every replica makes before it is ready, including one that replaces another.
   * Default: none, and no trial run.
   */
  readonly trialItems?: readonly unknown[];
  /** Number of threads, at least 1. On GPUs: one per GPU unless given. */
  readonly replicas?: number;
  /** ONNX Runtime's intra-op threads of each replica, at least 1. */
  readonly intraOpThreads?: number;
  /** On the CPU, MatMuls of weights stored as int8 are computed in integers. Default false. */
  readonly dynamicQuantization?: boolean;
  readonly device: DevicePreference;
  /** Execution providers to try, in order, instead of those that `device` implies; `cpu` is always the fallback. */
  readonly executionProviders?: readonly string[];
  /** A run that takes longer counts as hung: its callers get WORKER_LOST, and the thread is replaced. */
  readonly stallTimeoutMs: number;
  /** Opening the pool fails if a replica is not ready after this time. */
  readonly startTimeoutMs: number;
}

/** Opens pools of replicas. */
export interface Engine {
  /**
   * Starts the replicas and waits until the first one has loaded the model and made its trial run; the others follow.
   *
   * @throws AerieError MODEL_NOT_LOADED with the reason as `cause` when that fails. A cause whose name is `AerieError`
   *   may be shown to callers.
   */
  open<I, O>(options: ReplicaPoolOptions, signal?: AbortSignal): Promise<ReplicaPool<I, O>>;
  /** Closes every pool that is still open. Idempotent. */
  close(): Promise<void>;
}
