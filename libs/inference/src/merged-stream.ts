import type {
  GenerationEvent,
  GenerationUsage,
  ModelReference,
  ServedTextStream,
  TextStream,
} from '@aerie/model-registry';

type Result = IteratorResult<GenerationEvent, undefined>;

/** A read of one of the streams that has ended, one way or another. */
type Settled =
  { readonly of: number; readonly result: Result } | { readonly of: number; readonly error: unknown };

/**
 * The events of several answers as they come, as those of one answer: the choices of the second follow on those of the
 * first. One that fails ends all of them. Each is read ahead by one event, no more.
 */
export class MergedStream implements ServedTextStream {
  readonly #streams: readonly (TextStream | ServedTextStream)[];
  readonly #choicesEach: number;
  readonly #settled: Settled[] = [];
  /** Streams that have not ended. */
  #open: number;
  #hasBegun = false;
  #wake: () => void = () => undefined;

  /** @param choicesEach choices of each of the streams */
  constructor(streams: readonly (TextStream | ServedTextStream)[], choicesEach: number) {
    this.#streams = streams;
    this.#choicesEach = choicesEach;
    this.#open = streams.length;
  }

  /** What serves the first of them that has begun. */
  get servedBy(): ModelReference | null {
    for (const stream of this.#streams) {
      const served = 'servedBy' in stream ? stream.servedBy : null;
      if (served !== null) return served;
    }
    return null;
  }

  get usage(): GenerationUsage {
    const usages = this.#streams.map(({ usage }) => usage);
    const sum = (tokensOf: (usage: GenerationUsage) => number) =>
      usages.reduce((total, usage) => total + tokensOf(usage), 0);
    return {
      promptTokens: sum(({ promptTokens }) => promptTokens),
      cachedTokens: sum(({ cachedTokens }) => cachedTokens),
      completionTokens: sum(({ completionTokens }) => completionTokens),
    };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      for (const index of this.#streams.keys()) this.#read(index);
    }
    while (this.#open > 0) {
      const read = this.#settled.shift();
      if (read === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if ('error' in read) {
        await this.return();
        throw read.error;
      }
      if (read.result.done === true) {
        this.#open--;
        continue;
      }
      this.#read(read.of);
      const event = read.result.value;
      return { done: false, value: { ...event, index: read.of * this.#choicesEach + event.index } };
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<Result> {
    this.#open = 0;
    this.#wake();
    await leaveAll(this.#streams);
    return { done: true, value: undefined };
  }

  #read(of: number): void {
    const settle = (read: Settled): void => {
      this.#settled.push(read);
      this.#wake();
    };
    this.#streams[of]?.next().then(
      (result) => {
        settle({ of, result });
      },
      (error: unknown) => {
        settle({ of, error });
      },
    );
  }
}

/** Ends streams that nobody reads any more. */
export async function leaveAll(streams: readonly TextStream[]): Promise<void> {
  await Promise.all(streams.map(async (stream) => stream.return?.()));
}
