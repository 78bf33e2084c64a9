import { AerieError } from '@aerie/contracts';
import type { Clock } from '@aerie/runtime';
import type { ModelVersion } from './model-version.js';

/** Loads at a time: they share the cores with each other and with what is served already. */
const CONCURRENCY = 2;
/** Wait before the next try when the error does not say. */
const DEFAULT_RETRY_MS = 1_000;

/** Loads the eager versions in the background, a few at a time, and tries failed ones again until they are loaded. */
export class EagerLoading {
  readonly #clock: Clock;
  readonly #waiting: ModelVersion[];
  readonly #timers = new Set<() => void>();
  readonly #onReady: () => void;
  readonly #requireModels: 'any' | 'all';
  readonly #total: number;
  readonly #failed = new Set<ModelVersion>();
  #loaded = 0;
  #running = 0;
  #ready = false;
  #stopped = false;

  /**
   * @param onReady called once, when every version is loaded
   * @param requireModels with `any`, versions that failed are not waited for, unless all of them did
   */
  constructor(
    versions: readonly ModelVersion[],
    clock: Clock,
    onReady: () => void,
    requireModels: 'any' | 'all' = 'all',
  ) {
    this.#waiting = [...versions];
    this.#total = versions.length;
    this.#clock = clock;
    this.#onReady = onReady;
    this.#requireModels = requireModels;
  }

  start(): void {
    while (!this.#stopped && this.#running < CONCURRENCY) {
      const version = this.#waiting.shift();
      if (version === undefined) break;
      this.#running += 1;
      void this.#load(version);
    }
    this.#checkReady();
  }

  /** Starts no more loads. Those that run are up to their versions. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  async #load(version: ModelVersion): Promise<void> {
    try {
      await version.load();
      this.#failed.delete(version);
      this.#loaded += 1;
    } catch (error) {
      this.#failed.add(version);
      // The version has logged it.
      const delayMs = error instanceof AerieError ? error.retryAfterMs : undefined;
      this.#retryLater(version, delayMs ?? DEFAULT_RETRY_MS);
    }
    this.#running -= 1;
    this.start();
  }

  #checkReady(): void {
    if (this.#stopped || this.#ready) return;
    const mayFail = this.#requireModels === 'any' && this.#loaded > 0;
    if (this.#loaded + (mayFail ? this.#failed.size : 0) < this.#total) return;
    this.#ready = true;
    this.#onReady();
  }

  #retryLater(version: ModelVersion, delayMs: number): void {
    if (this.#stopped) return;
    const cancel = this.#clock.schedule(Math.ceil(delayMs), () => {
      this.#timers.delete(cancel);
      this.#waiting.push(version);
      this.start();
    });
    this.#timers.add(cancel);
  }
}
