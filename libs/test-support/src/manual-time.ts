interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that stands still until it is told to go on, and the timers that hang on it. Milliseconds. */
export class ManualTime {
  #now = 1_000;
  readonly #timers = new Set<Timer>();

  /** Delays of the timers that are armed, from now, the earliest first. */
  get armed(): readonly number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  now(): number {
    return this.#now;
  }

  /** Lets time pass as a blocked event loop does: what falls due is late. */
  block(ms: number): void {
    this.#now += ms;
  }

  /** Arms a timer. @returns what disarms it */
  protected arm(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Lets time pass, firing what falls due on the way; each of its steps comes after one timer, or is the end. */
  protected *pass(ms: number): Generator<void, undefined> {
    const end = this.#now + ms;
    for (let timer = this.#firstUntil(end); timer !== undefined; timer = this.#firstUntil(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.callback();
      yield;
    }
    this.#now = end;
    yield;
  }

  #firstUntil(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
