import type { ProviderClock } from '../provider-clock.js';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to advance. */
export class FakeClock implements ProviderClock {
  #now = 1_000;
  readonly #timers = new Set<Timer>();
  #waiters: { readonly armed: number; readonly resolve: () => void }[] = [];

  /** Delays of the timers that are armed, from now, the earliest first. */
  get armed(): readonly number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  now(): number {
    return this.#now;
  }

  schedule(callback: () => void, delayMs: number): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    const due = this.#waiters.filter(({ armed }) => this.#timers.size >= armed);
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve();
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Resolves as soon as so many timers are armed. */
  untilArmed(armed: number): Promise<void> {
    if (this.#timers.size >= armed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ armed, resolve });
    });
  }

  /** Lets time pass, firing what is due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at).find(({ at }) => at <= end);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = end;
  }
}
