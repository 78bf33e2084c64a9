import type { InferenceSession } from '../kernel.js';
import type { ProviderAttempt } from '../providers/resolve-providers.js';

/** What a session is created with. */
export interface SessionOptions {
  /** Absolute path of the model. A path and not bytes, as weights may lie in files beside it. */
  readonly modelPath: string;
  /** The execution provider to use. Creation fails when it cannot be. */
  readonly provider: ProviderAttempt;
  /** Threads within an operator, at least 1. */
  readonly intraOpThreads: number;
  /**
   * Keeps those threads spinning between runs: faster alone, slower for whatever shares the cores. Default false.
   */
  readonly allowSpinning?: boolean;
  /**
   * How long those threads look for more work within a run before they sleep: waking them costs more than an operator
   * of a few microseconds. Between runs they sleep. Default 0.
   */
  readonly spinMicroseconds?: number;
  /**
   * On the CPU, MatMuls whose weights are stored as int8 are computed in integers, with activations quantized row by
   * row at run time: faster, with small errors. Default false.
   */
  readonly dynamicQuantization?: boolean;
}

/** A module that a replica's thread imports to run models: `export const createSession: CreateSession`. */
export type CreateSession = (options: SessionOptions) => Promise<InferenceSession>;
