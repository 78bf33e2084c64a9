import type { FaultKind, ReplicaStatus, TensorMetadata } from '@aerie/engine';
import type { GenerationStatus } from '@aerie/generation';
import type { UpstreamStatus } from '@aerie/upstreams';
import type { LoadedModels, ServedTaskKind } from '../loaded-model.js';

/** The activity of a loaded version. */
export interface RuntimeActivity {
  /** Requests waiting. */
  readonly queueLength: number;
  readonly runningBatches: number;
  /** How long there has been work of which none has finished, in milliseconds; null without work. */
  readonly stalledForMs: number | null;
}

/** A version that is loaded and warmed up, created by its loader. */
export interface ModelRuntime {
  /** The model for use cases. */
  readonly model: LoadedModels[ServedTaskKind];
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** Class names in the order of the output; null if the model has none. */
  readonly labels: readonly string[] | null;
  activity(): RuntimeActivity;
  replicas(): readonly ReplicaStatus[];
  /** Slots, queue and memory of a language model in this process. */
  generation?(): GenerationStatus;
  /** State of the upstream that runs this model. */
  upstream?(): UpstreamStatus;
  /** Makes the next batch fail with this fault; refused unless the engine allows faults. */
  injectFault(kind: FaultKind): void;
  /**
   * Accepts no more requests, lets accepted ones end (until `signal` aborts), and releases threads and memory.
   * Idempotent.
   */
  close(signal?: AbortSignal): Promise<void>;
}
