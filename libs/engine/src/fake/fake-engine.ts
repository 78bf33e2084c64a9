import type { Engine, ReplicaPoolOptions } from '../engine.js';
import type { ReplicaPool } from '../replica-pool.js';

/** Creates the pool for an opening. Throws or rejects to make the opening fail. */
export type FakePoolFactory = (
  options: ReplicaPoolOptions,
) => ReplicaPool<never, unknown> | Promise<ReplicaPool<never, unknown>>;

/**
 * An engine without threads and models, for specs.
 *
 * @example
 * const engine = new FakeEngine(() => FakeReplicaPool.answering((text: string) => text.length));
 */
export class FakeEngine implements Engine {
  /** Options of every opening, in order. */
  readonly opened: ReplicaPoolOptions[] = [];
  readonly #createPool: FakePoolFactory;
  readonly #pools: ReplicaPool<never, unknown>[] = [];

  constructor(createPool: FakePoolFactory) {
    this.#createPool = createPool;
  }

  async open<I, O>(options: ReplicaPoolOptions, signal?: AbortSignal): Promise<ReplicaPool<I, O>> {
    signal?.throwIfAborted();
    this.opened.push(options);
    const pool = await this.#createPool(options);
    this.#pools.push(pool);
    // The caller knows the type of the factory's pools, as it knows that of a kernel's module.
    return pool as unknown as ReplicaPool<I, O>;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.close()));
  }
}
