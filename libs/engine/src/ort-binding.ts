/** `native`: ONNX Runtime's C API; `node`: onnxruntime-node's own binding. */
export type OrtBindingChoice = 'auto' | 'native' | 'node';

/** A way to reach ONNX Runtime. */
export interface OrtBinding {
  readonly name: 'native' | 'node';
  /** Module that worker threads import to run models (see {@link SessionFactory}). */
  readonly sessionFactoryUrl: string;
  /** Control over the sessions of worker threads from this thread; null if the binding has none. */
  readonly control: SessionControl | null;
}

/** Addresses of a session that belongs to the whole process, and of one thread's runs of it. */
export interface SessionHandles {
  readonly session: bigint;
  /** Each thread has its own. */
  readonly runOptions: bigint;
}

/** Controls sessions that run in other threads. */
export interface SessionControl {
  /** Ends the run under way with these run options, or the next one as soon as it begins. */
  terminateRun(runOptions: bigint): void;
  /** Allows runs again after {@link SessionControl.terminateRun}. */
  allowRuns(runOptions: bigint): void;
  /** Releases a session that no thread runs any more. */
  releaseSession(session: bigint): Promise<void>;
  /** Gives freed memory back to the system, which C libraries keep: loading a session frees much. */
  trimMemory(): Promise<void>;
}
