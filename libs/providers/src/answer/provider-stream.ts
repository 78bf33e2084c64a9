import { AerieError } from '@aerie/contracts';
import type { GenerationEvent, TextStream } from '@aerie/generation';
import type { AnswerAssembler, ProviderUsage } from './answer-assembler.js';

/** What {@link ProviderStream} gives to the one who writes it. */
export interface StreamScope {
  /** Aborts when the caller leaves, time runs out or the provider is closed, with the error that readers get. */
  readonly signal: AbortSignal;
  /** Ends the stream with this error, at once. */
  readonly fail: (error: AerieError) => void;
}

/** Where a {@link ProviderStream} has its events from. */
export interface StreamSource {
  readonly answer: AnswerAssembler;
  /** Begins with the first read. */
  readonly write: (scope: StreamScope) => AsyncGenerator<GenerationEvent, undefined>;
  /** Nothing more is coming. */
  readonly onOver: (stream: ProviderStream) => void;
}

/**
 * The events of an answer of another server, fetched as they are read. Unlike a bare generator it can be left while
 * a read is under way: the upstream's connection is closed at once.
 */
export class ProviderStream implements TextStream {
  readonly #source: StreamSource;
  readonly #events: AsyncGenerator<GenerationEvent, undefined>;
  readonly #abort = new AbortController();
  readonly #callerSignal: AbortSignal | undefined;
  readonly #onCallerAbort: () => void;
  #isOver = false;

  constructor(source: StreamSource, callerSignal: AbortSignal | undefined) {
    this.#source = source;
    this.#callerSignal = callerSignal;
    this.#onCallerAbort = () => {
      this.fail(canceled(callerSignal?.reason));
    };
    this.#events = source.write({
      signal: this.#abort.signal,
      fail: (error) => {
        this.fail(error);
      },
    });
    if (callerSignal?.aborted === true) this.#onCallerAbort();
    else callerSignal?.addEventListener('abort', this.#onCallerAbort, { once: true });
  }

  get usage(): ProviderUsage {
    return this.#source.answer.usage;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<GenerationEvent, undefined>> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      this.#abort.signal.throwIfAborted();
      const result = await this.#events.next();
      if (result.done === true) this.#finish();
      return result;
    } catch (error) {
      this.#finish();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<GenerationEvent, undefined>> {
    this.fail(canceled(undefined));
    this.#isOver = true;
    await this.#close();
    return { done: true, value: undefined };
  }

  /** Ends the stream at once; its reader gets the error. */
  fail(error: AerieError): void {
    if (this.#isOver || this.#abort.signal.aborted) return;
    this.#abort.abort(error);
    // While no read is under way nobody else would tell the writer, and its connection would stay open.
    void this.#close();
  }

  /** Lets the writer clean up, once a read that is under way has ended. */
  async #close(): Promise<void> {
    await this.#events.return(undefined);
    this.#detach();
  }

  #finish(): void {
    this.#isOver = true;
    this.#detach();
    void this.#events.return(undefined);
  }

  #detach(): void {
    this.#callerSignal?.removeEventListener('abort', this.#onCallerAbort);
    this.#source.onOver(this);
  }
}

function canceled(reason: unknown): AerieError {
  return reason instanceof AerieError
    ? reason
    : new AerieError('CANCELED', 'the caller left before the text was complete', { cause: reason });
}
