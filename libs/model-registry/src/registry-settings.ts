import type { DevicePreference } from '@aerie/engine';

/** Defaults for every model, which manifests may refine. `models` of the server's settings fits. */
export interface RegistrySettings {
  /** Absolute path of the model repository. */
  readonly path: string;
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
