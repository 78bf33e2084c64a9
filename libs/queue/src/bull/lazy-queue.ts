import type { Logger } from '@aerie/runtime';
import { Queue } from 'bullmq';
import type { QueueConnection } from '../connection/queue-connection.js';

/** Configuration that the classes here get through BullModule. */
export interface BackendConfiguration {
  readonly connection: QueueConnection;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * BullMQ's queue, opened when it is first used: BullMQ connects in its constructors, and nothing may connect while Nest puts
 * the application together. BullModule constructs one for each registered queue.
 */
export class LazyQueue {
  readonly name: string;
  /** BullModule hands it on to the worker of the queue. */
  readonly opts: BackendConfiguration;
  #queue: Queue | null = null;

  constructor(name: string, options: BackendConfiguration) {
    this.name = name;
    this.opts = options;
  }

  /** Only once the backend was reached: an SQL backend must be migrated. */
  open(): Queue {
    if (this.#queue === null) {
      const { connection, logger } = this.opts;
      this.#queue = new Queue(this.name, connection.queueOptions, connection.backendFactory as undefined);
      this.#queue.on('error', (error) => {
        logger.warn({ err: error.message, queue: this.name }, 'a queue reports an error');
      });
    }
    return this.#queue;
  }

  /** Does not wait for a backend that is away. */
  close(): void {
    this.#queue?.close().catch(() => undefined);
  }
}
