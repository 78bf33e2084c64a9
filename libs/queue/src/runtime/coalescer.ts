interface Entry<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** How a {@link Coalescer} gathers. */
export interface CoalescerOptions<T> {
  readonly maxItems: number;
  /** Calls under way at once. */
  readonly maxCalls: number;
  /** Items of one key never share a call, nor overtake each other. Default: every item is on its own. */
  readonly keyOf?: (item: T) => string;
}

/**
 * Gathers single calls that come close together into one call for many: what arrives while calls are under way goes with
 * the next. A lone call goes at once.
 */
export class Coalescer<T, R> {
  readonly #run: (items: readonly T[]) => Promise<readonly R[]>;
  readonly #options: CoalescerOptions<T>;
  readonly #busyKeys = new Set<string>();
  #waiting: Entry<T, R>[] = [];
  #calls = 0;
  #scheduled = false;

  constructor(run: (items: readonly T[]) => Promise<readonly R[]>, options: CoalescerOptions<T>) {
    this.#run = run;
    this.#options = options;
  }

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#calls >= this.#options.maxCalls) return;
    this.#scheduled = true;
    // After the current I/O: what one packet brought goes together.
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { maxItems, maxCalls, keyOf } = this.#options;
    if (this.#calls >= maxCalls || this.#waiting.length === 0) return;
    const taken: Entry<T, R>[] = [];
    const left: Entry<T, R>[] = [];
    const keys: string[] = [];
    const passed = new Set<string>();
    for (const entry of this.#waiting) {
      const key = keyOf?.(entry.item);
      const blocked = key !== undefined && (this.#busyKeys.has(key) || passed.has(key));
      if (taken.length >= maxItems || blocked) {
        left.push(entry);
        if (key !== undefined) passed.add(key);
        continue;
      }
      taken.push(entry);
      if (key !== undefined) {
        keys.push(key);
        passed.add(key);
      }
    }
    this.#waiting = left;
    if (taken.length === 0) return;
    for (const key of keys) this.#busyKeys.add(key);
    this.#calls++;
    void this.#call(taken).finally(() => {
      this.#calls--;
      for (const key of keys) this.#busyKeys.delete(key);
      if (this.#waiting.length > 0) this.#schedule();
    });
    if (this.#waiting.length > 0) this.#schedule();
  }

  async #call(entries: readonly Entry<T, R>[]): Promise<void> {
    try {
      const results = await this.#run(entries.map(({ item }) => item));
      entries.forEach(({ resolve }, index) => {
        resolve(results[index] as R);
      });
    } catch (error) {
      for (const { reject } of entries) reject(error);
    }
  }
}
