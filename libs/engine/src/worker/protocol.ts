import type { SerializedError } from '@aerie/runtime';
import type { SessionHandles } from '../ort-binding.js';
import type { FaultKind, StageTimes } from '../replica-pool.js';
import type { ItemResult } from '../kernel.js';
import type { TensorMetadata } from '../tensor.js';
import type { OpenedSession, OpenSessionOptions } from './open-session.js';

/** Start data of a replica's thread. */
export interface ReplicaThreadData extends OpenSessionOptions {
  readonly kernel: { readonly moduleUrl: string; readonly options: unknown };
  /** Items of the trial run; none: no trial run. */
  readonly trialItems: readonly unknown[];
}

/** Requests one batch. The next may be sent only after the answer. */
export interface RunMessage {
  readonly items: readonly unknown[];
  readonly fault: FaultKind | null;
}

/** A loaded model. */
export interface ReadyReplica extends Omit<OpenedSession, 'session'> {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly provider: string;
  /** Addresses of the session and of this thread's runs; null if the binding has none. */
  readonly handles: SessionHandles | null;
}

/** The answer to a batch; after a failed one the replica goes on. */
export type ReplicaReply =
  | { readonly type: 'done'; readonly results: readonly ItemResult<unknown>[]; readonly times: StageTimes }
  | { readonly type: 'failed'; readonly error: SerializedError };
