import type { InferenceSession } from '../kernel.js';
import type { ProviderAttempt } from '../providers/resolve-providers.js';

/** Options for a session. */
export interface SessionOptions {
  /** Absolute path of the model. A path instead of bytes, because weights may be in external files. */
  readonly modelPath: string;
  /** The execution provider to use. Creation fails if it is not available. */
  readonly provider: ProviderAttempt;
  /** Threads within an operator, at least 1. */
  readonly intraOpThreads: number;
  /**
   * Keeps those threads spinning between runs: faster alone, slower for other work on the same cores. Default false.
   */
  readonly allowSpinning?: boolean;
  /**
   * How long those threads spin for more work within a run before they sleep: waking them costs more than an operator
   * of a few microseconds. Between runs they sleep. Default 0.
   */
  readonly spinMicroseconds?: number;
  /**
   * On the CPU, MatMuls whose weights are stored as int8 are computed in integers, with activations quantized row by
   * row at run time: faster, with small errors. Default false.
   */
  readonly dynamicQuantization?: boolean;
}

/** Creates a session. */
export type CreateSession = (options: SessionOptions) => Promise<InferenceSession>;

/** A module that worker threads import to run models. */
export interface SessionFactory {
  readonly createSession: CreateSession;
  /** Runs a session that another thread handed over. */
  readonly attachSession?: (session: bigint, provider: string) => InferenceSession;
}
