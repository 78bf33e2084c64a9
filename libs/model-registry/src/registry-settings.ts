import type { DevicePreference } from '@aerie/engine';

/** Defaults for every model, which manifests may refine. `models` of the server's settings fits. */
export interface RegistrySettings {
  /** Absolute path of the model repository. */
  readonly path: string;
  /** Absolute paths of folders outside the repository that links in it may lead into. */
  readonly links: readonly string[];
  /** Whether one unusable model stops the start and keeps the server from being ready, or the others are served. */
  readonly requireModels: 'any' | 'all';
  readonly device: DevicePreference;
  /** Also the bound that no manifest exceeds. */
  readonly maxBatchSize: number;
  readonly maxQueueSize: number;
  /** Replicas of each version; null lets the cores decide. */
  readonly replicas: number | null;
  /** Intra-op threads of each replica; null lets the cores decide. */
  readonly intraOpThreads: number | null;
  readonly replicaStallTimeoutMs: number;
  readonly startTimeoutMs: number;
  /** Lazily loaded versions that are idle for so long are unloaded; 0 keeps them. */
  readonly keepAliveMs: number;
}
