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
  /** Items of the trial run; none: no trial run. */
  readonly trialItems: readonly unknown[];
  /** Attempts to create the session, in order. */
  readonly attempts: readonly ProviderAttempt[];
  readonly intraOpThreads: number;
  readonly dynamicQuantization: boolean;
}

/** Requests one batch. The next may be sent only after the answer. */
export interface RunMessage {
  readonly items: readonly unknown[];
  readonly fault: FaultKind | null;
}

/** An execution provider that failed to create a session. */
export interface ProviderFailure {
  readonly provider: string;
  readonly error: SerializedError;
}

/** A loaded model. */
export interface ReadyReplica {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly provider: string;
  readonly deviceId: number | null;
  /** Execution providers that were tried before the one that worked. */
  readonly failedProviders: readonly ProviderFailure[];
}

/** The answer to a batch; after a failed one the replica goes on. */
export type ReplicaReply =
  | { readonly type: 'done'; readonly results: readonly ItemResult<unknown>[]; readonly times: StageTimes }
  | { readonly type: 'failed'; readonly error: SerializedError };
