import { serializeError } from '@aerie/runtime';
import type { InferenceSession, Kernel } from '../kernel.js';
import type { ReplicaReply, RunMessage } from './protocol.js';
import { runBatch } from './run-batch.js';

/** Sends an answer. */
type Reply = (reply: ReplicaReply, transfer?: readonly ArrayBuffer[]) => void;

/** The session that batches run on. */
export type BatchSession = Pick<InferenceSession, 'run' | 'release'>;

/** Runs batches on one session, one after the other, and answers each exactly once. */
export class BatchRunner {
  readonly #session: BatchSession;
  readonly #kernel: Kernel<unknown, unknown>;
  readonly #reply: Reply;
  #running: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(session: BatchSession, kernel: Kernel<unknown, unknown>, reply: Reply) {
    this.#session = session;
    this.#kernel = kernel;
    this.#reply = reply;
  }

  /** Resolves when the batch was answered. Never rejects. */
  run(message: RunMessage): Promise<void> {
    if (this.#closing) {
      this.#reply({
        type: 'failed',
        error: serializeError(new Error('The replica got a batch while it was closing. This is a bug.')),
      });
      return Promise.resolve();
    }
    this.#running = this.#runOne(message);
    return this.#running;
  }

  /** Refuses further batches, waits for the batch in progress, and releases the session. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#running;
    await this.#session.release();
  }

  async #runOne({ items, fault }: RunMessage): Promise<void> {
    try {
      const { results, transfer, times } = await runBatch(this.#session, this.#kernel, items, fault);
      this.#reply({ type: 'done', results, times }, transfer);
    } catch (error) {
      // Includes results that cannot be cloned or transferred.
      this.#reply({ type: 'failed', error: serializeError(error) });
    }
  }
}
