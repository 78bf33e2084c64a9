import { AerieError } from '@aerie/contracts';
import type {
  GenerationEvent,
  GenerationRecord,
  GenerationRequest,
  GenerationUsage,
  LanguageModel,
  TextStream,
} from '@aerie/generation';
import type { GenerationOccurrence } from '../generation-event.js';

type Result = IteratorResult<GenerationEvent, undefined>;

/** A language model whose answers are told to the metrics as they come; for models that do not tell by themselves. */
export class ObservedModel implements LanguageModel {
  readonly #model: LanguageModel;
  readonly #report: (occurrence: GenerationOccurrence) => void;
  readonly #now: () => number;

  /** @param now milliseconds, rising */
  constructor(model: LanguageModel, report: (occurrence: GenerationOccurrence) => void, now: () => number) {
    this.#model = model;
    this.#report = report;
    this.#now = now;
  }

  generate(request: GenerationRequest, signal?: AbortSignal): TextStream {
    return new ObservedStream(this.#model.generate(request, signal), this.#report, this.#now);
  }
}

class ObservedStream implements TextStream {
  readonly #stream: TextStream;
  readonly #report: (occurrence: GenerationOccurrence) => void;
  readonly #now: () => number;
  readonly #startedAt: number;
  /** When each choice last said something. */
  readonly #spokeAt = new Map<number, number>();
  #firstTokenMs: number | null = null;
  #isOver = false;

  constructor(stream: TextStream, report: (occurrence: GenerationOccurrence) => void, now: () => number) {
    this.#stream = stream;
    this.#report = report;
    this.#now = now;
    this.#startedAt = now();
  }

  get usage(): GenerationUsage {
    return this.#stream.usage;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    try {
      const result = await this.#stream.next();
      if (result.done === true) this.#end('completed');
      else if (result.value.type === 'text') this.#spoke(result.value.index);
      return result;
    } catch (error) {
      this.#end(error instanceof AerieError && error.code === 'CANCELED' ? 'canceled' : 'failed');
      throw error;
    }
  }

  async return(): Promise<Result> {
    this.#end('canceled');
    await this.#stream.return?.();
    return { done: true, value: undefined };
  }

  #spoke(index: number): void {
    const at = this.#now();
    const last = this.#spokeAt.get(index);
    this.#spokeAt.set(index, at);
    if (this.#firstTokenMs === null) {
      this.#firstTokenMs = at - this.#startedAt;
      this.#report({ type: 'first-token', elapsedMs: this.#firstTokenMs });
    } else if (last !== undefined) this.#report({ type: 'inter-token', elapsedMs: at - last });
  }

  #end(outcome: GenerationRecord['outcome']): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const firstTokenMs = this.#firstTokenMs;
    const totalMs = this.#now() - this.#startedAt;
    const record = { outcome, usage: this.usage, queueMs: null, firstTokenMs, totalMs };
    this.#report({ type: 'end', record });
  }
}
