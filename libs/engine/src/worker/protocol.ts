import type { SerializedError } from '@aerie/runtime';
import type { FaultKind, StageTimes } from '../replica-pool.js';
import type { ItemResult } from '../kernel.js';
import type { ProviderAttempt } from '../providers/resolve-providers.js';
import type { TensorMetadata } from '../tensor.js';

/** Start data of a replica's thread. */
export interface ReplicaThreadData {
  readonly modelPath: string;
  readonly sessionModuleUrl: string;
  readonly kernel: { readonly moduleUrl: string; readonly options: unknown };
  /** Attempts to create the session, in order. */
  readonly attempts: readonly ProviderAttempt[];
  readonly intraOpThreads: number;
  readonly dynamicQuantization: boolean;
  /** Memory of the thread's NativeGuard. */
  readonly guard: SharedArrayBuffer;
}

/** Requests one batch. The next may be sent only after the answer. */
export interface RunMessage {
  readonly type: 'run';
  readonly items: readonly unknown[];
  readonly fault: FaultKind | null;
}

/**
 * A message to a replica's thread. After `close` it releases its session and exits; after `exit` it exits as soon as
 * it returns from native code.
 */
export type MessageToReplica = RunMessage | { readonly type: 'close' } | { readonly type: 'exit' };

/** An execution provider that failed to create a session. */
export interface ProviderFailure {
  readonly provider: string;
  readonly error: SerializedError;
}

/** The model is loaded. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly provider: string;
  readonly deviceId: number | null;
  /** Execution providers that failed before this one worked. */
  readonly failedProviders: readonly ProviderFailure[];
}

/** The model failed to load; the thread exits. */
export interface StartFailedMessage {
  readonly type: 'start-failed';
  readonly error: SerializedError;
}

/** A batch is done. */
export interface DoneMessage {
  readonly type: 'done';
  readonly results: readonly ItemResult<unknown>[];
  readonly times: StageTimes;
}

/** The kernel or the session threw; the replica goes on. */
export interface FailedMessage {
  readonly type: 'failed';
  readonly error: SerializedError;
}

/** The batch came after `close` and was not run. */
export interface RefusedMessage {
  readonly type: 'refused';
}

/** A message from a replica's thread. */
export type MessageFromReplica =
  ReadyMessage | StartFailedMessage | DoneMessage | FailedMessage | RefusedMessage;
