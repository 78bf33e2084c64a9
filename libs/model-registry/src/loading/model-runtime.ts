import type { FaultKind, ReplicaStatus, TensorMetadata } from '@aerie/engine';
import type { GenerationStatus } from '@aerie/generation';
import type { ProviderStatus } from '@aerie/providers';
import type { LoadedModels, ServedTaskKind } from '../loaded-model.js';

/** What a loaded version is doing. */
export interface RuntimeActivity {
  /** Requests waiting. */
  readonly queueLength: number;
  readonly runningBatches: number;
  /** How long there has been work without any of it finishing, in milliseconds; null without work. */
  readonly stalledForMs: number | null;
}

/** A version that is loaded and warmed, as its loader made it. */
export interface ModelRuntime {
  /** What use cases are handed. */
  readonly model: LoadedModels[ServedTaskKind];
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** Class names in the order of the output; null when there are none. */
  readonly labels: readonly string[] | null;
  activity(): RuntimeActivity;
  replicas(): readonly ReplicaStatus[];
  /** Slots, queue and memory of a language model of this process. */
  generation?(): GenerationStatus;
  /** How the other server is whose model this is. */
  provider?(): ProviderStatus;
  /** Makes the next batch fail in the given way; refused unless the engine allows faults. */
  injectFault(kind: FaultKind): void;
  /**
   * Takes no more requests, lets those that were taken end (until `signal` aborts), and gives threads and memory back.
   * Idempotent.
   */
  close(signal?: AbortSignal): Promise<void>;
}
