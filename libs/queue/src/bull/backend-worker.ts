import { type Processor, Worker, type WorkerOptions } from 'bullmq';
import type { BackendConfiguration } from './lazy-queue.js';

/** BullMQ's worker on our backend. BullModule constructs one for each `@Processor`. */
export class BackendWorker extends Worker {
  #closed = false;

  /** @param options those of the decorator, and what BullModule takes over from the queue */
  constructor(
    name: string,
    processor: Processor,
    { connection, ...options }: Omit<WorkerOptions, 'connection'> & Pick<BackendConfiguration, 'connection'>,
  ) {
    const { workerOptions, backendFactory } = connection;
    super(name, processor, { ...options, ...workerOptions }, backendFactory as undefined);
  }

  /** Nest closes workers again at the end: one that could not be closed in time is not waited for twice. */
  override async close(force = false): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await super.close(force);
  }
}
