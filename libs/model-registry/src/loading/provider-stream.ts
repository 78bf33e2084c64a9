import type { GenerationEvent, GenerationUsage } from '@aerie/generation';
import type { FallbackStream } from '@aerie/providers';
import type { ServedTextStream } from '../loaded-model.js';
import type { ModelReference } from '../model-selector.js';

type Result = IteratorResult<GenerationEvent, undefined>;

/** What a {@link ProviderStream} is made of. */
export interface ProviderStreamOptions {
  readonly stream: FallbackStream;
  /** The model and version of the candidate that serves. */
  readonly reference: (candidate: string) => ModelReference | null;
  readonly onEnd: (outcome: 'completed' | 'failed' | 'left') => void;
}

/** An answer of a provider or one of its fallbacks, which knows whose it is and tells how it ended. */
export class ProviderStream implements ServedTextStream {
  readonly #options: ProviderStreamOptions;
  #isOver = false;

  constructor(options: ProviderStreamOptions) {
    this.#options = options;
  }

  get servedBy(): ModelReference | null {
    const { stream, reference } = this.#options;
    return stream.servedBy === null ? null : reference(stream.servedBy);
  }

  get usage(): GenerationUsage {
    return this.#options.stream.usage;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    try {
      const result = await this.#options.stream.next();
      if (result.done === true) this.#end('completed');
      return result;
    } catch (error) {
      this.#end('failed');
      throw error;
    }
  }

  async return(): Promise<Result> {
    this.#end('left');
    return this.#options.stream.return();
  }

  #end(outcome: 'completed' | 'failed' | 'left'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onEnd(outcome);
  }
}
