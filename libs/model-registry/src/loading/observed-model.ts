import { AerieError, toCanceledError } from '@aerie/contracts';
import type {
  GenerationEvent,
  GenerationRequest,
  GenerationUsage,
  LanguageModel,
  TextStream,
} from '@aerie/generation';
import { PushStream, type StreamOutcome } from '@aerie/runtime';
import type { GenerationOccurrence } from '../generation-event.js';

type Report = (occurrence: GenerationOccurrence) => void;

const NOTHING_USED: GenerationUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

/** Reports the answers of a language model to the metrics, for models without their own reports. */
export class ObservedModel implements LanguageModel {
  readonly #model: LanguageModel;
  readonly #report: Report;
  readonly #now: () => number;

  /** @param now milliseconds, rising */
  constructor(model: LanguageModel, report: Report, now: () => number) {
    this.#model = model;
    this.#report = report;
    this.#now = now;
  }

  generate(request: GenerationRequest, signal?: AbortSignal): TextStream {
    const generate = (stopped: AbortSignal): TextStream => this.#model.generate(request, stopped);
    return new ObservedStream(generate, signal, this.#report, this.#now);
  }
}

class ObservedStream extends PushStream<GenerationEvent> implements TextStream {
  readonly #report: Report;
  readonly #now: () => number;
  readonly #startedAt: number;
  /** Time of the last text of each choice. */
  readonly #spokeAt = new Map<number, number>();
  #stream: TextStream | null = null;
  #hasText = false;

  constructor(
    generate: (stopped: AbortSignal) => TextStream,
    signal: AbortSignal | undefined,
    report: Report,
    now: () => number,
  ) {
    super({
      signal,
      toAbortError: toCanceledError,
      source: (stopped) => this.#observe(generate(stopped)),
      onEnd: (outcome, error) => {
        this.#reportEnd(outcome, error);
      },
    });
    this.#report = report;
    this.#now = now;
    this.#startedAt = now();
  }

  get usage(): GenerationUsage {
    return this.#stream?.usage ?? NOTHING_USED;
  }

  async *#observe(stream: TextStream): AsyncGenerator<GenerationEvent, undefined> {
    this.#stream = stream;
    for await (const event of stream) {
      if (event.type === 'text') this.#spoke(event.index);
      yield event;
    }
  }

  #spoke(index: number): void {
    const at = this.#now();
    const last = this.#spokeAt.get(index);
    this.#spokeAt.set(index, at);
    if (!this.#hasText) {
      this.#hasText = true;
      this.#report({ type: 'first-token', elapsedMs: at - this.#startedAt });
    } else if (last !== undefined) this.#report({ type: 'inter-token', elapsedMs: at - last });
  }

  #reportEnd(outcome: StreamOutcome, error: unknown): void {
    const isCanceled = error instanceof AerieError && error.code === 'CANCELED';
    const record = {
      outcome: isCanceled ? ('canceled' as const) : outcome,
      usage: this.usage,
      queueMs: null,
      totalMs: this.#now() - this.#startedAt,
    };
    this.#report({ type: 'end', record });
  }
}
