import { type Clock, systemClock } from '@aerie/runtime';
import type { JobChangesListener } from '../store/job-store.js';
import { SQL_CHANGES_CHANNEL } from '../store/sql-schema.js';

/** A session that receives notifications, of node-postgres or of the embedded database. */
export interface ListenClient {
  query(sql: string): Promise<unknown>;
  on(
    event: 'notification',
    listener: (message: { channel: string; payload?: string | undefined }) => void,
  ): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeAllListeners(): unknown;
  release(destroy?: boolean): void;
}

const RETRY_MS = 500;

/** Listens for changed jobs on a dedicated session, and opens a new session if it is lost. */
export class SqlSubscription {
  readonly #connect: () => Promise<ListenClient>;
  readonly #clock: Clock;
  readonly #listeners = new Set<JobChangesListener>();
  #client: ListenClient | null = null;
  #cancelRetry: (() => void) | null = null;
  #started = false;
  #closed = false;

  constructor(connect: () => Promise<ListenClient>, clock: Clock = systemClock) {
    this.#connect = connect;
    this.#clock = clock;
  }

  add(listener: JobChangesListener): () => void {
    this.#listeners.add(listener);
    if (!this.#started) {
      this.#started = true;
      void this.#listen();
    }
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#client?.removeAllListeners();
    this.#client?.release(true);
    this.#client = null;
  }

  async #listen(): Promise<void> {
    try {
      const client = await this.#connect();
      this.#client = client;
      client.on('error', () => {
        if (this.#client === client) this.#lost();
      });
      client.on('notification', ({ channel, payload }) => {
        if (channel !== SQL_CHANGES_CHANNEL || payload === undefined) return;
        const ids = payload.split(',');
        for (const listener of this.#listeners) listener.onChanged(ids);
      });
      await client.query(`LISTEN ${SQL_CHANGES_CHANNEL}`);
      if (this.#closed) this.close();
      else for (const listener of this.#listeners) listener.onResync();
    } catch {
      this.#lost();
    }
  }

  #lost(): void {
    const client = this.#client;
    this.#client = null;
    if (client !== null) {
      client.removeAllListeners();
      client.on('error', () => undefined);
      client.release(true);
    }
    if (this.#closed || this.#cancelRetry !== null) return;
    this.#cancelRetry = this.#clock.schedule(RETRY_MS, () => {
      this.#cancelRetry = null;
      void this.#listen();
    });
  }
}
