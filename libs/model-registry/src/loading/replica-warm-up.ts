import type { ReplicaPool } from '@aerie/engine';
import type { Logger } from '@aerie/runtime';
import { ModelLoadError } from '../model-load.error.js';

/** Options for a warm-up. */
export interface ReplicaWarmUpOptions<I, O> {
  /** For the log, such as `minilm-l6-v2@1`. */
  readonly name: string;
  readonly pool: ReplicaPool<I, O>;
  /** Items of the trial run; empty if the model cannot be tried. */
  readonly items: readonly I[];
  /** Number of batches of traffic that are running. */
  readonly runningBatches: () => number;
  /** Called with the number of replicas that may serve traffic. */
  readonly onReady: (replicas: number) => void;
  readonly logger: Logger;
}

/**
 * Gives every replica a trial run before it serves traffic, including replicas that start later or replace a lost one.
 *
 * A pool does not allow choosing the replica. But it runs as many batches at once as it has replicas, so starting one
 * trial run for each replica that is not busy reaches each of them.
 */
export class ReplicaWarmUp<I, O> {
  readonly #options: ReplicaWarmUpOptions<I, O>;
  #stopListening: (() => void) | null = null;
  /** Number of replicas that may serve traffic. */
  #ready = 0;
  #capacity = 0;
  /** Counts lost replicas: after a loss, it is unknown which replicas the running trial runs reached. */
  #losses = 0;
  #trying = false;

  constructor(options: ReplicaWarmUpOptions<I, O>) {
    this.#options = options;
  }

  /**
   * Tries the replicas that are up, then follows later changes.
   *
   * @throws ModelLoadError if the trial run fails.
   */
  async start(): Promise<void> {
    const { pool } = this.#options;
    this.#stopListening = pool.onCapacityChange((capacity) => {
      this.#follow(capacity);
    });
    this.#capacity = pool.capacity;
    this.#trying = true;
    try {
      await this.#tryIdle();
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new ModelLoadError("the model's trial run failed", detail, error);
    } finally {
      this.#trying = false;
    }
    void this.#catchUp();
  }

  /** Stops following. */
  stop(): void {
    this.#stopListening?.();
    this.#stopListening = null;
  }

  #follow(capacity: number): void {
    if (capacity < this.#capacity) this.#losses += 1;
    this.#capacity = capacity;
    if (capacity < this.#ready) this.#report(capacity);
    else if (capacity > this.#ready) void this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    if (this.#trying) return;
    const { logger, name } = this.#options;
    this.#trying = true;
    try {
      while (this.#stopListening !== null && this.#ready < this.#capacity) await this.#tryIdle();
    } catch (error) {
      // A lost replica is replaced and then tried; the others go on serving.
      if (this.#stopListening !== null) {
        logger.warn({ model: name, err: error }, "a replica's trial run failed");
      }
    } finally {
      this.#trying = false;
    }
  }

  async #tryIdle(): Promise<void> {
    const { pool, items, runningBatches } = this.#options;
    const capacity = this.#capacity;
    const losses = this.#losses;
    if (items.length > 0) {
      const idle = Math.max(1, capacity - runningBatches());
      const runs = await Promise.all(Array.from({ length: idle }, () => pool.run(items)));
      for (const result of runs.flatMap(({ results }) => results)) {
        if (!result.ok) throw new Error(`the trial run's item was refused: ${result.message}`);
      }
    }
    if (losses === this.#losses) this.#report(capacity);
  }

  #report(ready: number): void {
    this.#ready = ready;
    this.#options.onReady(ready);
  }
}
