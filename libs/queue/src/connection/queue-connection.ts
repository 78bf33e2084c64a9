import type { JobsOptions, QueueBaseOptions, WorkerOptions } from 'bullmq';
import type { JobChangesListener, JobStore } from '../store/job-store.js';

type Forgetting = Pick<WorkerOptions, 'removeOnComplete' | 'removeOnFail'>;

/** An open way to a backend: BullMQ's part and the store's. */
export interface QueueConnection {
  readonly kind: 'embedded' | 'redis' | 'postgres';
  readonly store: JobStore;
  /** For BullMQ's Queue. */
  readonly queueOptions: QueueBaseOptions;
  /** For BullMQ's Worker, which blocks on connections of its own. */
  readonly workerOptions: QueueBaseOptions & Forgetting;
  /** For each of BullMQ's jobs. Here or in `workerOptions`, where it costs less: BullMQ forgets what is done. */
  readonly jobOptions: Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'>;
  /** Last argument of BullMQ's constructors; undefined where its default is meant. */
  readonly backendFactory: unknown;
  /** Whether what the store and BullMQ's queues are told here happens in the order in which they were told. */
  readonly inOrder: boolean;
  /** Prepares schemas. Rejects while the backend cannot be reached. */
  prepare(): Promise<void>;
  /** Hears of changed jobs until the returned function is called. */
  subscribe(listener: JobChangesListener): () => void;
  close(): Promise<void>;
}
