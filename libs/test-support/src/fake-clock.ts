import type { Clock } from '@aerie/runtime';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is advanced. Milliseconds. */
export class FakeClock implements Clock {
  #now = 1_000;
  readonly #timers = new Set<Timer>();
  #deferred: (() => void)[] = [];
  #waiters: { readonly timers: number; readonly resolve: () => void }[] = [];

  /** Delays of the armed timers, from now, the earliest first. */
  get armed(): readonly number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    const due = this.#waiters.filter(({ timers }) => this.#timers.size >= timers);
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve();
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Deferred work runs at the end of the turn: {@link FakeClock.endTurn}, {@link FakeClock.advance}. */
  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Resolves as soon as this many timers are armed. */
  untilArmed(timers: number): Promise<void> {
    if (this.#timers.size >= timers) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ timers, resolve });
    });
  }

  /** Lets time pass like a blocked event loop: due timers fire late. */
  block(ms: number): void {
    this.#now += ms;
  }

  /** Lets time pass at once and fires the due timers. Promises settle only afterwards. */
  jump(ms: number): void {
    for (const timer of this.#until(this.#now + ms)) timer.callback();
  }

  /** Lets time pass and fires the due timers. After each, promises settle and deferred work runs. */
  async advance(ms: number): Promise<void> {
    for (const timer of this.#until(this.#now + ms)) {
      timer.callback();
      await this.endTurn();
    }
    await this.endTurn();
  }

  /** Ends the turn of the event loop: promises settle and deferred work runs until nothing is left. */
  async endTurn(): Promise<void> {
    do {
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const callback of deferred) callback();
      await settle();
    } while (this.#deferred.length > 0);
  }

  /** The timers due until `end`, in order, including those armed meanwhile. */
  *#until(end: number): Generator<Timer, undefined> {
    for (let timer = this.#firstUntil(end); timer !== undefined; timer = this.#firstUntil(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      yield timer;
    }
    this.#now = Math.max(this.#now, end);
  }

  #firstUntil(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets all work continue that waits only for promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
