import type { TaskKind } from '@aerie/tasks';
import type { LoadPolicy } from './model-description.js';

/** How requests of one version are batched. */
export interface BatchingSpec {
  readonly maxBatchSize: number;
  readonly maxDelayMs: number;
  readonly maxQueueSize: number;
  /** Limit on the padded cost of a batch; null if there is none. */
  readonly maxBatchTokens: number | null;
}

/** Replicas by the manifest and the settings; null leaves the choice to the engine. */
export interface ReplicasSpec {
  readonly count: number | null;
  readonly intraOpThreads: number | null;
  readonly executionProviders: readonly string[] | null;
  /** Whether weights stored as int8 are multiplied in integers. */
  readonly dynamicQuantization: boolean;
  readonly requireGpu: boolean;
  readonly stallTimeoutMs: number;
}

/** One version, combined from the manifest, the settings and the files. */
export interface VersionSpec {
  readonly version: string;
  readonly description: string | null;
  readonly load: LoadPolicy;
  /** The ONNX file, relative to the model's folder, with `/`. */
  readonly file: string;
  /** Validated options of the task. */
  readonly options: unknown;
}

/** One model, combined from the manifest, the settings and the files. */
export interface ModelSpec {
  readonly name: string;
  readonly task: TaskKind;
  readonly description: string | null;
  readonly defaultForTask: boolean;
  /** Serves only requests that name it: it is not the default even if it is the only model of its task. */
  readonly onlyByName?: boolean;
  readonly defaultVersion: string;
  /** Version number by alias. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Weight by version number; null without a split. */
  readonly traffic: ReadonlyMap<string, number> | null;
  readonly sticky: boolean;
  readonly source: string | null;
  readonly license: string | null;
  /** How long a lazy version may be idle before it is unloaded; 0: forever. */
  readonly keepAliveMs: number;
  readonly batching: BatchingSpec;
  readonly replicas: ReplicasSpec;
  /** Checksums in hexadecimal by file, relative to the model's folder. */
  readonly sha256: ReadonlyMap<string, string>;
  /** Absolute path of the model's folder. */
  readonly directory: string;
  /** In the order of their numbers, at least one. */
  readonly versions: readonly VersionSpec[];
}
