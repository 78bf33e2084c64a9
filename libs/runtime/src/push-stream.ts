/** How a stream ended: completed or failed by its writer, or canceled because it was left, stopped or aborted. */
export type StreamOutcome = 'completed' | 'failed' | 'canceled';

/** The source of a {@link PushStream}'s items, and callbacks for its writer. */
export interface PushStreamOptions<T> {
  /** Ends the stream when it aborts. The reader gets the pushed items and then the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Translates that reason to the error that the reader gets. Default: the reason itself. */
  readonly toAbortError?: (reason: unknown) => unknown;
  /**
   * Writes the items, one for each read, starting with the first read. Its signal aborts if the stream ends before the
   * source does; the source must then end soon. Default: items are pushed.
   */
  readonly source?: (signal: AbortSignal) => AsyncIterator<T, undefined>;
  /** Number of unread items at which the stream pauses; default 1. */
  readonly highWater?: number;
  /** Number of unread items at which it resumes; default 0. */
  readonly lowWater?: number;
  /** The reader fell behind, or caught up. */
  readonly onPause?: (isPaused: boolean) => void;
  /** The stream has ended. Called once, with the error of a failed stream, else null. */
  readonly onEnd?: (outcome: StreamOutcome, error: unknown) => void;
}

interface UnreadItem<T> {
  readonly item: T;
  readonly onTaken: (isRead: boolean) => void;
}

interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Items to be read once with `for await`, pushed by a writer or written by an async generator (`source`).
 *
 * An error is thrown once, after the items before it. Unlike a bare generator, the stream can be left during a read. The
 * source is then told by its signal, and `return()` resolves after the source has cleaned up.
 *
 * @example
 * const stream = new PushStream<string>({
 *   signal,
 *   source: async function* (stopped) {
 *     const response = await open(stopped);
 *     try {
 *       yield* response.lines();
 *     } finally {
 *       response.close();
 *     }
 *   },
 * });
 */
export class PushStream<T> implements AsyncIterableIterator<T, undefined> {
  readonly #options: PushStreamOptions<T>;
  readonly #stopped = new AbortController();
  readonly #unread: UnreadItem<T>[] = [];
  readonly #onAbort = (): void => {
    this.fail(this.#abortError());
  };
  #source: AsyncIterator<T, undefined> | null = null;
  #reader: Reader<T> | null = null;
  /** Set when the stream has ended. Its error is null if there is none or it was already thrown. */
  #end: { readonly error: unknown } | null = null;
  #isPaused = false;
  #cleanup: Promise<unknown> | null = null;

  constructor(options: PushStreamOptions<T> = {}) {
    this.#options = options;
    const { signal, onEnd } = options;
    if (signal?.aborted === true) {
      this.#end = { error: this.#abortError() };
      // After the constructor has returned the stream.
      queueMicrotask(() => onEnd?.('canceled', null));
    } else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Whether the stream has ended. Items may still be unread. */
  get ended(): boolean {
    return this.#end !== null;
  }

  /** Whether the reader is so far behind that the writer should wait. */
  get paused(): boolean {
    return this.#isPaused;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const unread = this.#unread.shift();
    if (unread !== undefined) {
      const { lowWater = 0 } = this.#options;
      if (this.#isPaused && this.#unread.length <= lowWater && !this.ended) this.#setPaused(false);
      unread.onTaken(true);
      return Promise.resolve({ done: false, value: unread.item });
    }
    if (this.#end !== null) {
      const { error } = this.#end;
      this.#end = { error: null };
      return new Promise((resolve, reject) => {
        tellEnd({ resolve, reject }, error);
      });
    }
    if (this.#reader !== null) return Promise.reject(new Error('A stream has one reader. This is a bug.'));
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#readSource();
    });
  }

  /** The reader leaves. Resolves when the source has cleaned up. */
  async return(): Promise<IteratorResult<T, undefined>> {
    for (const { onTaken } of this.#unread.splice(0)) onTaken(false);
    if (this.#end === null) this.#cancel(null, new Error('The reader left the stream.'));
    this.#end = { error: null };
    await this.#cleanup;
    return { done: true, value: undefined };
  }

  /** Adds an item. After the end it is dropped. */
  push(item: T): void {
    this.#add({ item, onTaken: () => undefined });
  }

  /** {@link PushStream.push} for writers that wait. Resolves with whether the item was read; false if the reader left. */
  write(item: T): Promise<boolean> {
    return new Promise((onTaken) => {
      this.#add({ item, onTaken });
    });
  }

  /** Ends the stream after its items, with an error if one is given. */
  end(error: unknown = null): void {
    if (this.#end === null) this.#finish(error === null ? 'completed' : 'failed', error);
  }

  /** Ends the stream from outside. Its source is stopped, and its reader gets the error. */
  fail(error: unknown): void {
    if (this.#end === null) this.#cancel(error, error);
  }

  #add(unread: UnreadItem<T>): void {
    if (this.#end !== null) {
      unread.onTaken(false);
      return;
    }
    const reader = this.#takeReader();
    if (reader !== null) {
      reader.resolve({ done: false, value: unread.item });
      unread.onTaken(true);
      return;
    }
    this.#unread.push(unread);
    const { highWater = 1 } = this.#options;
    if (!this.#isPaused && this.#unread.length >= highWater) this.#setPaused(true);
  }

  #readSource(): void {
    const { source } = this.#options;
    if (source === undefined) return;
    this.#source ??= source(this.#stopped.signal);
    this.#source.next().then(
      (result) => {
        if (result.done === true) this.end();
        else this.push(result.value);
      },
      (error: unknown) => {
        this.end(error);
      },
    );
  }

  #cancel(error: unknown, reason: unknown): void {
    // Set first, because the effects of the signal may call this again.
    this.#end = { error };
    this.#stopped.abort(reason);
    this.#cleanup = Promise.resolve(this.#source?.return?.(undefined));
    // A reader who leaves gets the error of a failed cleanup. With another error, it would hide that one.
    this.#cleanup.catch(() => undefined);
    this.#finish('canceled', error);
  }

  #finish(outcome: StreamOutcome, error: unknown): void {
    const { signal, onEnd } = this.#options;
    const reader = this.#takeReader();
    this.#end = { error: reader === null ? error : null };
    signal?.removeEventListener('abort', this.#onAbort);
    onEnd?.(outcome, outcome === 'failed' ? error : null);
    if (reader === null) return;
    const settle = (): void => {
      tellEnd(reader, error);
    };
    // The end is reported after the cleanup.
    if (this.#cleanup === null) settle();
    else this.#cleanup.then(settle, settle);
  }

  #abortError(): unknown {
    const { signal, toAbortError = (reason) => reason } = this.#options;
    return toAbortError(signal?.reason);
  }

  #takeReader(): Reader<T> | null {
    const reader = this.#reader;
    this.#reader = null;
    return reader;
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#options.onPause?.(isPaused);
  }
}

function tellEnd<T>(reader: Reader<T>, error: unknown): void {
  if (error === null) reader.resolve({ done: true, value: undefined });
  else reader.reject(error);
}
