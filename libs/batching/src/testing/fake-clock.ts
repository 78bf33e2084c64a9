import type { Clock } from '../clock.js';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that goes on only when told to. */
export class FakeClock implements Clock {
  #now = 1_000;
  readonly #timers = new Set<Timer>();
  #deferred: (() => void)[] = [];

  /** Timers armed. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Ends the current turn of the event loop: promises settle, deferred work runs, until nothing is left to do. */
  async endTurn(): Promise<void> {
    do {
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const callback of deferred) callback();
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#deferred.length > 0);
  }

  /** Lets time pass, firing what falls due, then ends the turn. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (let timer = this.#firstUntil(end); timer !== undefined; timer = this.#firstUntil(end)) {
      this.#now = Math.max(this.#now, timer.at);
      this.#timers.delete(timer);
      timer.callback();
    }
    this.#now = end;
    await this.endTurn();
  }

  /** Lets time pass as a blocked event loop does: what falls due is late. */
  block(ms: number): void {
    this.#now += ms;
  }

  #firstUntil(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
