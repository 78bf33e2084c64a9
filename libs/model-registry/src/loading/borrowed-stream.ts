import type { GenerationEvent, GenerationRequest, GenerationUsage, TextStream } from '@aerie/generation';
import type { ModelReference } from '../model-selector.js';
import type { BorrowedModel, BorrowModel } from './model-loader.js';

type Result = IteratorResult<GenerationEvent, undefined>;

const NOTHING_USED: GenerationUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

/** The answer of a model that is borrowed with the first read and given back when nothing more is coming. */
export class BorrowedStream implements TextStream {
  readonly #borrow: BorrowModel;
  readonly #name: string;
  readonly #request: GenerationRequest;
  readonly #signal: AbortSignal | undefined;
  /** Aborts when the reader leaves: it may do so while the model is being loaded. */
  readonly #left = new AbortController();
  #borrowed: BorrowedModel | null = null;
  #stream: TextStream | null = null;

  constructor(
    borrow: BorrowModel,
    name: string,
    request: GenerationRequest,
    signal: AbortSignal | undefined,
  ) {
    this.#borrow = borrow;
    this.#name = name;
    this.#request = request;
    this.#signal = signal;
  }

  /** Whose answer this is; null before it was borrowed. */
  get reference(): ModelReference | null {
    return this.#borrowed?.reference ?? null;
  }

  get usage(): GenerationUsage {
    return this.#stream?.usage ?? NOTHING_USED;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    if (this.#left.signal.aborted) return { done: true, value: undefined };
    try {
      this.#stream ??= await this.#open();
      const result = await this.#stream.next();
      if (result.done === true) this.#giveBack();
      return result;
    } catch (error) {
      this.#giveBack();
      throw error;
    }
  }

  async return(): Promise<Result> {
    try {
      await this.#stream?.return?.();
    } finally {
      this.#giveBack();
    }
    return { done: true, value: undefined };
  }

  async #open(): Promise<TextStream> {
    const signals = this.#signal === undefined ? [] : [this.#signal];
    const signal = AbortSignal.any([this.#left.signal, ...signals]);
    this.#borrowed = await this.#borrow(this.#name, signal);
    signal.throwIfAborted();
    return this.#borrowed.model.generate(this.#request, this.#signal);
  }

  #giveBack(): void {
    this.#left.abort();
    this.#borrowed?.release();
  }
}
