import { AerieError, type ErrorCode } from '@aerie/contracts';
import type { GenerationEvent, GenerationRequest, GenerationUsage, TextStream } from '@aerie/generation';
import type { Clock } from '@aerie/runtime';
import type { FallbackModelOptions } from './fallback-options.js';

type Result = IteratorResult<GenerationEvent, undefined>;

/** Failures of a candidate that another one may not share. */
const WORTH_A_FALLBACK: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UPSTREAM_ERROR',
  'TIMEOUT',
  'RATE_LIMITED',
  'OVERLOADED',
  'MODEL_NOT_LOADED',
  'WORKER_LOST',
]);

const NOTHING_USED: GenerationUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

/** The answer of the first candidate that begins one. */
export class FallbackStream implements TextStream {
  readonly #options: Required<FallbackModelOptions>;
  readonly #request: GenerationRequest;
  readonly #signal: AbortSignal | undefined;
  readonly #onServed: ((name: string) => void) | undefined;
  /** Of the candidate that serves, or is being tried. */
  #stream: TextStream | null = null;
  #servedBy: string | null = null;
  #isOver = false;

  constructor(
    options: Required<FallbackModelOptions>,
    request: GenerationRequest,
    signal: AbortSignal | undefined,
    onServed: ((name: string) => void) | undefined,
  ) {
    this.#options = options;
    this.#request = request;
    this.#signal = signal;
    this.#onServed = onServed;
  }

  /** Name of the candidate whose answer this is; null before its first event. */
  get servedBy(): string | null {
    return this.#servedBy;
  }

  get usage(): GenerationUsage {
    return this.#stream?.usage ?? NOTHING_USED;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      const result = await (this.#servedBy === null || this.#stream === null
        ? this.#begin()
        : this.#stream.next());
      if (result.done === true) this.#isOver = true;
      return result;
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  async return(): Promise<Result> {
    this.#isOver = true;
    await this.#stream?.return?.();
    return { done: true, value: undefined };
  }

  /** The first event of the first candidate that has one. */
  async #begin(): Promise<Result> {
    const { candidates, clock, logger } = this.#options;
    const startedAt = clock.now();
    let firstError: unknown = null;
    for (const [i, { name, model }] of candidates.entries()) {
      const request = withinTime(this.#request, clock, startedAt);
      if (request === null) break;
      try {
        const stream = model.generate(request, this.#signal);
        this.#stream = stream;
        const result = await stream.next();
        this.#servedBy = name;
        this.#onServed?.(name);
        return result;
      } catch (error) {
        firstError ??= error;
        if (!this.#isWorthAnother(error, i === 0)) break;
        const next = candidates[i + 1]?.name ?? null;
        logger.warn(
          { model: name, code: error instanceof AerieError ? error.code : 'INTERNAL', fallback: next },
          next === null
            ? 'no fallback is left'
            : 'a model failed before its answer began: trying its fallback',
        );
      }
    }
    throw firstError;
  }

  /**
   * What the first candidate refuses is the caller's to mend. What a fallback refuses says nothing of the model that
   * was asked for, which has failed: the next one may be able to.
   */
  #isWorthAnother(error: unknown, isFirst: boolean): boolean {
    if (this.#isOver || this.#signal?.aborted === true) return false;
    if (!(error instanceof AerieError)) return !isFirst;
    return !isFirst || WORTH_A_FALLBACK.has(error.code);
  }
}

/** The request with the time that is left of its limits; null when none is left. */
function withinTime(request: GenerationRequest, clock: Clock, startedAt: number): GenerationRequest | null {
  const elapsedMs = Math.round(clock.now() - startedAt);
  if (elapsedMs === 0) return request;
  const { firstTokenTimeoutMs, timeoutMs } = request;
  const left = {
    ...(firstTokenTimeoutMs === undefined ? {} : { firstTokenTimeoutMs: firstTokenTimeoutMs - elapsedMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: timeoutMs - elapsedMs }),
  };
  return Object.values(left).some((ms) => ms <= 0) ? null : { ...request, ...left };
}
