import type { ErrorCode } from '@aerie/contracts';
import type { SessionHandles } from './ort-binding.js';
import type { NamedTensors, TensorMetadata } from './tensor.js';

/** A loaded model in a replica's thread. */
export interface InferenceSession {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** The execution provider that the session was created with, such as `cpu` or `cuda`. */
  readonly provider: string;
  /** Addresses for {@link SessionControl}; null if the binding has none. */
  readonly handles: SessionHandles | null;
  /**
   * Runs the model once. Blocks its thread in native code for the whole duration, and may do so without returning to
   * the thread's event loop before.
   *
   * @param into memory for outputs by name, with the type and dimensions of the outputs, which are written there.
   *   Other outputs get newly allocated memory.
   */
  run(feeds: NamedTensors, into?: NamedTensors): Promise<NamedTensors>;
  /**
   * Hands the session over to the process, for other threads to attach to: release() leaves its native memory then, and
   * {@link SessionControl.releaseSession} frees it. Without {@link InferenceSession.handles} it does nothing.
   */
  handOver(): void;
  /** Releases the native memory, unless it was handed over. The session is unusable afterwards. */
  release(): Promise<void>;
}

/** The outcome of one item of a batch. A refused item does not affect the others. */
export type ItemResult<O> =
  | { readonly ok: true; readonly value: O }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** A batch prepared for the model. */
export interface PreparedBatch<S> {
  /** Inputs of the run, or null if no item is left to run. */
  readonly feeds: NamedTensors | null;
  /** State that `finish` needs. */
  readonly state: S;
}

/** The outcome of a batch: one result per item, in the order of the items. */
export interface FinishedBatch<O> {
  readonly results: readonly ItemResult<O>[];
  /** Buffers in the results that are transferred to the caller's thread instead of copied. */
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

/** Context of a new kernel. */
export interface KernelContext<Options = unknown> {
  readonly session: InferenceSession;
  /** The pool's options, copied into the thread. */
  readonly options: Options;
}

/**
 * A module that a replica's thread imports: `export const createKernel: CreateKernel`. An AerieError thrown by it, or by
 * the kernel in the trial run, says why the model does not fit the options, and may be shown to callers.
 */
export type CreateKernel<I = never, O = unknown, Options = never> = (
  context: KernelContext<Options>,
) => Kernel<I, O> | Promise<Kernel<I, O>>;
