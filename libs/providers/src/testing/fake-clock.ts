import { ManualTime } from '@aerie/test-support';
import type { ProviderClock } from '../provider-clock.js';

/** A clock that stands still until it is told to advance. */
export class FakeClock extends ManualTime implements ProviderClock {
  #waiters: { readonly armed: number; readonly resolve: () => void }[] = [];

  schedule(callback: () => void, delayMs: number): () => void {
    const disarm = this.arm(delayMs, callback);
    const due = this.#waiters.filter(({ armed }) => this.armed.length >= armed);
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve();
    return disarm;
  }

  /** Resolves as soon as so many timers are armed. */
  untilArmed(armed: number): Promise<void> {
    if (this.armed.length >= armed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ armed, resolve });
    });
  }

  /** Lets time pass, firing what is due on the way. */
  advance(ms: number): void {
    Array.from(this.pass(ms));
  }
}
