import type { Logger } from '@aerie/runtime';
import { Queue } from 'bullmq';
import type { QueueConnection } from '../connection/queue-connection.js';

/** Configuration that BullModule passes to the classes in this folder. */
export interface BackendConfiguration {
  readonly connection: QueueConnection;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * A BullMQ queue that opens when it is first used. BullMQ connects in its constructors, but nothing may connect while Nest
 * creates the application. BullModule constructs one for each registered queue.
 */
export class LazyQueue {
  readonly name: string;
  /** BullModule passes it to the queue's worker. */
  readonly opts: BackendConfiguration;
  #queue: Queue | null = null;

  constructor(name: string, options: BackendConfiguration) {
    this.name = name;
    this.opts = options;
  }

  /** Call it only after the backend was reached, because an SQL backend must be migrated first. */
  open(): Queue {
    if (this.#queue === null) {
      const { connection, logger } = this.opts;
      this.#queue = new Queue(this.name, connection.queueOptions, connection.backendFactory as undefined);
      this.#queue.on('error', (error) => {
        logger.warn({ err: error.message, queue: this.name }, 'a queue reported an error');
      });
    }
    return this.#queue;
  }

  /** Does not wait for an unreachable backend. */
  close(): void {
    this.#queue?.close().catch(() => undefined);
  }
}
