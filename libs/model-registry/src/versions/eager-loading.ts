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
  readonly #onLoaded: () => void;
  #running = 0;
  #stopped = false;

  /** @param onLoaded called once, when every version is loaded */
  constructor(versions: readonly ModelVersion[], clock: Clock, onLoaded: () => void) {
    this.#waiting = [...versions];
    this.#clock = clock;
    this.#onLoaded = onLoaded;
  }

  start(): void {
    while (!this.#stopped && this.#running < CONCURRENCY) {
      const version = this.#waiting.shift();
      if (version === undefined) break;
      this.#running += 1;
      void this.#load(version);
    }
    if (!this.#stopped && this.#running === 0 && this.#waiting.length === 0 && this.#timers.size === 0)
      this.#onLoaded();
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
    } catch (error) {
      // The version has logged it.
      const delayMs = error instanceof AerieError ? error.retryAfterMs : undefined;
      this.#retryLater(version, delayMs ?? DEFAULT_RETRY_MS);
    }
    this.#running -= 1;
    this.start();
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
