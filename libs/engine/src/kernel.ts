import type { ErrorCode } from '@aerie/contracts';
import type { NamedTensors, TensorMetadata } from './tensor.js';

/** A loaded model inside a replica's thread, whatever runs it. */
export interface InferenceSession {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** The execution provider that the session was created with, such as `cpu` or `cuda`. */
  readonly provider: string;
  /**
   * Runs the model once. Blocks its thread in native code for the whole duration.
   *
   * @param into memory for outputs, by name, of the type and dimensions that they will have: they are written there.
   *   What is not named gets memory of its own.
   */
  run(feeds: NamedTensors, into?: NamedTensors): Promise<NamedTensors>;
  /** Gives the native memory back. The session is unusable afterwards. */
  release(): Promise<void>;
}

/** What became of one item of a batch. A refused item does not disturb its neighbours. */
export type ItemResult<O> =
  | { readonly ok: true; readonly value: O }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** A batch made ready for the model. */
export interface PreparedBatch<S> {
  /** Feeds of the one run, or null when no item is left to run. */
  readonly feeds: NamedTensors | null;
  /** Whatever `finish` needs to know of the batch. */
  readonly state: S;
}

/** The outcome of a batch: one result per item, in the order of the items. */
export interface FinishedBatch<O> {
  readonly results: readonly ItemResult<O>[];
  /** Buffers inside the results that are handed over to the caller's thread instead of copied. */
  readonly transfer?: readonly ArrayBuffer[];
}

/**
 * A task's work on a batch, run inside a replica's thread: items to tensors, and tensors to results.
 * The engine times the stages and runs the session between them.
 */
export interface Kernel<I, O, S = unknown> {
  prepare(items: readonly I[]): PreparedBatch<S>;
  finish(outputs: NamedTensors, state: S): FinishedBatch<O>;
}

/** What a kernel is created with. */
export interface KernelContext<Options = unknown> {
  readonly session: InferenceSession;
  /** The options given to the pool, copied into the thread. */
  readonly options: Options;
}

/** A module that a replica's thread imports: `export const createKernel: CreateKernel`. */
export type CreateKernel<I = never, O = unknown, Options = never> = (
  context: KernelContext<Options>,
) => Kernel<I, O> | Promise<Kernel<I, O>>;
