import type { QueueConnection } from '../connection/queue-connection.js';

/** Notifies waiters that a job may have changed. One subscription serves the whole process. */
export class JobChanges {
  readonly #connection: Pick<QueueConnection, 'subscribe'>;
  readonly #watchers = new Map<string, Set<() => void>>();
  #unsubscribe: (() => void) | null = null;

  constructor(connection: Pick<QueueConnection, 'subscribe'>) {
    this.#connection = connection;
  }

  start(): void {
    this.#unsubscribe ??= this.#connection.subscribe({
      onChanged: (ids) => {
        for (const id of ids) for (const changed of this.#watchers.get(id) ?? []) changed();
      },
      onResync: () => {
        for (const watchers of this.#watchers.values()) for (const changed of watchers) changed();
      },
    });
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }

  /** Calls `changed` whenever the job may have changed, until the returned function is called. */
  watch(id: string, changed: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(changed));
    return () => {
      watchers.delete(changed);
      if (watchers.size === 0) this.#watchers.delete(id);
    };
  }
}
