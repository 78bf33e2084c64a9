/** How a stream ended: by its writer, without or with an error; or from outside: it was left, stopped or aborted. */
export type StreamOutcome = 'completed' | 'failed' | 'canceled';

/** Where a {@link PushStream} gets its items from, and what it tells whoever fills it. */
export interface PushStreamOptions<T> {
  /** Ends the stream when it aborts: the reader gets the signal's reason, after what was pushed. */
  readonly signal?: AbortSignal | undefined;
  /** Makes that reason the error that the reader gets. Default: the reason itself. */
  readonly toAbortError?: (reason: unknown) => unknown;
  /**
   * Writes the items, one for each read; it begins with the first read. Its signal aborts when the stream ends for any
   * other reason than the source's own end, which the source has to follow soon. Default: items are pushed.
   */
  readonly source?: (signal: AbortSignal) => AsyncIterator<T, undefined>;
  /** Unread items with which the stream is paused; default 1. */
  readonly highWater?: number;
  /** Unread items with which it goes on; default 0. */
  readonly lowWater?: number;
  /** The reader fell behind, or caught up. */
  readonly onPause?: (isPaused: boolean) => void;
  /** Nothing more is coming. Called once; the error is what the stream failed with, else null. */
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
 * An error is thrown once, after the items that came before it. Unlike a bare generator, the stream can be left while a
 * read is under way: the source is told by its signal, and `return()` resolves when the source has cleaned up.
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
  /** Set when nothing more is coming; its error is null when there is none, or none that is still to be thrown. */
  #end: { readonly error: unknown } | null = null;
  #isPaused = false;
  #cleanup: Promise<unknown> | null = null;

  constructor(options: PushStreamOptions<T> = {}) {
    this.#options = options;
    const { signal, onEnd } = options;
    if (signal?.aborted === true) {
      this.#end = { error: this.#abortError() };
      // Not before the one who makes the stream has it.
      queueMicrotask(() => onEnd?.('canceled', null));
    } else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Whether nothing more is coming. Items may still be unread. */
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

  /** A further item; none is taken after the end. */
  push(item: T): void {
    this.#add({ item, onTaken: () => undefined });
  }

  /** {@link PushStream.push} for writers that wait: resolves with whether the item was read, or the reader has left. */
  write(item: T): Promise<boolean> {
    return new Promise((onTaken) => {
      this.#add({ item, onTaken });
    });
  }

  /** The writer has no more items, because of an error if one is given. */
  end(error: unknown = null): void {
    if (this.#end === null) this.#finish(error === null ? 'completed' : 'failed', error);
  }

  /** Ends the stream from outside: its source is stopped, its reader gets the error. */
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
    // Set first: what the signal sets off may come back here.
    this.#end = { error };
    this.#stopped.abort(reason);
    this.#cleanup = Promise.resolve(this.#source?.return?.(undefined));
    // A failure to clean up is told to a reader who leaves; with another failure under way it would hide that one.
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
    // Nobody hears of an end before it has been cleaned up after.
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
