import type { QueueBaseOptions } from 'bullmq';
import type { JobChangesListener, JobStore } from '../store/job-store.js';

/** An open way to a backend: BullMQ's part and the store's. */
export interface QueueConnection {
  readonly kind: 'embedded' | 'redis' | 'postgres';
  readonly store: JobStore;
  /** For BullMQ's Queue. */
  readonly queueOptions: QueueBaseOptions;
  /** For BullMQ's Worker, which blocks on connections of its own. */
  readonly workerOptions: QueueBaseOptions;
  /** Last argument of BullMQ's constructors; undefined where its default is meant. */
  readonly backendFactory: unknown;
  /** Prepares schemas. Rejects while the backend cannot be reached. */
  prepare(): Promise<void>;
  /** Hears of changed jobs until the returned function is called. */
  subscribe(listener: JobChangesListener): () => void;
  close(): Promise<void>;
}
