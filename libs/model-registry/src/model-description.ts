import type { TaskKind } from '@aerie/tasks';
import type { ReplicaStatus, TensorDataType } from '@aerie/engine';
import type { CircuitState } from '@aerie/upstreams';
import type { VersionStatistics } from './statistics.js';
import type { UnusableModel } from './unusable-model.js';

/** Where a version is in its life. */
export type VersionState = 'unloaded' | 'loading' | 'ready' | 'failed' | 'unloading';

/** Whether a version is loaded at the start or on first use. */
export type LoadPolicy = 'eager' | 'lazy';

/** An input or output of a model. */
export interface TensorDescription {
  readonly name: string;
  /** ONNX Runtime's spelling, such as `float32`. */
  readonly datatype: TensorDataType;
  /** A free dimension is its symbolic name, or -1 without one. */
  readonly shape: readonly (number | string)[];
}

/** One version as callers may see it. */
export interface VersionDescription {
  readonly version: string;
  readonly description: string | null;
  readonly state: VersionState;
  readonly load: LoadPolicy;
  /** Null until the version has been loaded once: only the model itself knows. */
  readonly inputs: readonly TensorDescription[] | null;
  readonly outputs: readonly TensorDescription[] | null;
  readonly replicas: readonly ReplicaStatus[];
  /** Execution provider in use, such as `cpu` or `cuda`; null when not loaded. */
  readonly provider: string | null;
  /** Why the last load failed; null when it did not. */
  readonly error: string | null;
  /** When the version became ready; null when not loaded. */
  readonly loadedAt: Date | null;
  readonly statistics: VersionStatistics;
}

/** A model as callers may see it. */
export interface ModelDescription {
  readonly name: string;
  readonly task: TaskKind;
  readonly description: string | null;
  readonly defaultForTask: boolean;
  readonly defaultVersion: string;
  readonly aliases: Readonly<Record<string, string>>;
  /** Weights of the traffic split by version; null without one. */
  readonly traffic: Readonly<Record<string, number>> | null;
  /** Class names in the order of the output; null when it has none or no version is loaded. */
  readonly labels: readonly string[] | null;
  readonly source: string | null;
  readonly license: string | null;
  /** In the order of their numbers. */
  readonly versions: readonly VersionDescription[];
}

/** One version as health reports it. */
export interface VersionHealth {
  readonly name: string;
  readonly version: string;
  readonly state: VersionState;
  /** Whether readiness waits for it. */
  readonly eager: boolean;
  /** Why the last load failed, also while the next is under way; null when it did not. */
  readonly error: string | null;
  readonly replicasUp: number;
  readonly replicasTotal: number;
  /** Replicas that overstayed their run and are being replaced. */
  readonly wedged: number;
  readonly restarting: number;
  /** A GPU is asked for (DEVICE=gpu or `require_gpu`) and a replica runs without one. */
  readonly gpuMissing: boolean;
  /** How long there has been work (queued or running) without a batch finishing, in milliseconds; null without work. */
  readonly stalledForMs: number | null;
  /** Requests waiting. */
  readonly queueLength: number;
  /** Of a model of another server that is loaded: open while the server is given a rest. */
  readonly circuit?: CircuitState;
}

/** Health of all models. */
export interface RegistryHealth {
  /**
   * Traffic may come: every eager version is ready, or, with REQUIRE_MODELS=any, has failed while another is ready; and
   * the registry is not closing.
   */
  readonly ready: boolean;
  /** Every eager version is ready. */
  readonly loaded: boolean;
  readonly models: readonly VersionHealth[];
  /** Folders of the repository that cannot be served. */
  readonly unusable: readonly UnusableModel[];
}
