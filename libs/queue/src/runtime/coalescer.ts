/** Items that were added together. */
interface Group<R> {
  readonly results: R[];
  missing: number;
  readonly resolve: (results: R[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Entry<T, R> {
  readonly item: T;
  readonly group: Group<R>;
  /** Index of its result in its group's results. */
  readonly index: number;
}

/** Options for a {@link Coalescer}. */
export interface CoalescerOptions<T> {
  readonly maxItems: number;
  /** Maximum concurrent calls. */
  readonly maxCalls: number;
  /** Items with the same key never share a call or overtake each other. Default: every item has its own key. */
  readonly keyOf?: (item: T) => string;
}

/**
 * Combines single calls that arrive close together into one. Calls that arrive while others are running go with the
 * next. A single call is sent at once.
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
      const done = ([result]: R[]) => {
        resolve(result as R);
      };
      this.#waiting.push({ item, group: { results: [], missing: 1, resolve: done, reject }, index: 0 });
      this.#schedule();
    });
  }

  /** Their results, in order. Rejects if the call of one fails. */
  addAll(items: readonly T[]): Promise<R[]> {
    if (items.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const group = { results: new Array<R>(items.length), missing: items.length, resolve, reject };
      items.forEach((item, index) => this.#waiting.push({ item, group, index }));
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#calls >= this.#options.maxCalls) return;
    this.#scheduled = true;
    // After the current I/O, so that items of one packet go together.
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
      entries.forEach(({ group, index }, at) => {
        group.results[index] = results[at] as R;
        if (--group.missing === 0) group.resolve(group.results);
      });
    } catch (error) {
      for (const { group } of entries) group.reject(error);
    }
  }
}
