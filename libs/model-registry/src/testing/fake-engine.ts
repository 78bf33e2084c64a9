import type { Engine, ReplicaPool, ReplicaPoolOptions } from '@aerie/engine';
import { FakePool } from './fake-pool.js';

interface PendingOpen {
  readonly options: ReplicaPoolOptions;
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** An engine that opens {@link FakePool}s: at once, or when the spec says so. */
export class FakeEngine implements Engine {
  /** Options of every open, in order. */
  readonly opened: ReplicaPoolOptions[] = [];
  readonly pools: FakePool[] = [];
  readonly pending: PendingOpen[] = [];
  /** Keeps opens pending until the spec settles them. */
  held = false;
  /** The error of the next opens; null lets them succeed. */
  failure: Error | null = null;
  /** Changes each pool before it is handed out. */
  prepare: (pool: FakePool) => void = () => {};

  get lastPool(): FakePool {
    const pool = this.pools.at(-1);
    if (pool === undefined) throw new Error('No pool was opened.');
    return pool;
  }

  open<I, O>(options: ReplicaPoolOptions, signal?: AbortSignal): Promise<ReplicaPool<I, O>> {
    this.opened.push(options);
    return new Promise((resolve, reject) => {
      const open: PendingOpen = {
        options,
        signal,
        resolve: () => {
          const pool = new FakePool();
          this.prepare(pool);
          this.pools.push(pool);
          resolve(pool as unknown as ReplicaPool<I, O>);
        },
        reject,
      };
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      if (this.failure !== null) reject(this.failure);
      else if (this.held) this.pending.push(open);
      else open.resolve();
    });
  }

  async close(): Promise<void> {}
}
