import type { JobQueue } from './job-queue.js';

/** Tells those who wait for a job that it may have changed. One subscription of the process serves all. */
export class JobChanges {
  readonly #queue: JobQueue;
  readonly #watchers = new Map<string, Set<() => void>>();
  #unsubscribe: (() => void) | null = null;

  constructor(queue: JobQueue) {
    this.#queue = queue;
  }

  start(): void {
    this.#unsubscribe ??= this.#queue.connection.subscribe({
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
