import { type Processor, Worker, type WorkerOptions } from 'bullmq';
import type { BackendConfiguration } from './lazy-queue.js';

/** BullMQ's worker on the configured backend. BullModule constructs one for each `@Processor`. */
export class BackendWorker extends Worker {
  #closed = false;

  /** @param options those of the decorator and, copied by BullModule, those of the queue */
  constructor(
    name: string,
    processor: Processor,
    { connection, ...options }: Omit<WorkerOptions, 'connection'> & Pick<BackendConfiguration, 'connection'>,
  ) {
    const { workerOptions, backendFactory } = connection;
    super(name, processor, { ...options, ...workerOptions }, backendFactory as undefined);
  }

  /** Closes once. Nest closes workers again at shutdown, and a worker that did not close in time must not be awaited twice. */
  override async close(force = false): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await super.close(force);
  }
}
