import type { JobsOptions, QueueBaseOptions, WorkerOptions } from 'bullmq';
import type { JobChangesListener, JobStore } from '../store/job-store.js';

type Forgetting = Pick<WorkerOptions, 'removeOnComplete' | 'removeOnFail'>;

/** A connection to a backend, for BullMQ and for the store. */
export interface QueueConnection {
  readonly kind: 'embedded' | 'redis' | 'postgres';
  readonly store: JobStore;
  /** For BullMQ's Queue. */
  readonly queueOptions: QueueBaseOptions;
  /** For BullMQ's Worker, which blocks on separate connections. */
  readonly workerOptions: QueueBaseOptions & Forgetting;
  /** For each BullMQ job. These or `workerOptions`, whichever is cheaper, let BullMQ remove finished jobs. */
  readonly jobOptions: Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'>;
  /** Last argument of BullMQ's constructors; undefined for its default. */
  readonly backendFactory: unknown;
  /** Whether the backend executes the commands of the store and of BullMQ's queues in the order in which they are sent. */
  readonly inOrder: boolean;
  /** Prepares schemas. Rejects while the backend cannot be reached. */
  prepare(): Promise<void>;
  /** Notifies the listener of changed jobs until the returned function is called. */
  subscribe(listener: JobChangesListener): () => void;
  close(): Promise<void>;
}
