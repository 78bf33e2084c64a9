import { AerieError, type ErrorCode, toCanceledError } from '@aerie/contracts';
import type { GenerationEvent, GenerationRequest, GenerationUsage, TextStream } from '@aerie/generation';
import { PushStream } from '@aerie/runtime';
import type { FallbackCandidate, FallbackModelOptions, LeasedModel } from './fallback-options.js';

type Events = AsyncGenerator<GenerationEvent, undefined>;

/** Failures of a candidate after which another may succeed. */
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
export class FallbackStream extends PushStream<GenerationEvent> implements TextStream {
  readonly #options: Required<FallbackModelOptions>;
  /** The stream of the candidate that serves, or is being tried. */
  #stream: TextStream | null = null;
  #servedBy: LeasedModel | null = null;

  constructor(
    options: Required<FallbackModelOptions>,
    request: GenerationRequest,
    signal: AbortSignal | undefined,
  ) {
    const startedAt = options.clock.now();
    super({
      signal,
      toAbortError: toCanceledError,
      source: (stopped) => this.#write(request, stopped),
      onEnd: (outcome) => {
        options.onEnd(outcome, options.clock.now() - startedAt);
      },
    });
    this.#options = options;
  }

  /** The model that answers; null before its first event. */
  get servedBy(): Pick<LeasedModel, 'name' | 'version'> | null {
    return this.#servedBy === null ? null : { name: this.#servedBy.name, version: this.#servedBy.version };
  }

  get usage(): GenerationUsage {
    return this.#stream?.usage ?? NOTHING_USED;
  }

  async *#write(request: GenerationRequest, stopped: AbortSignal): Events {
    const { candidates, clock, logger } = this.#options;
    const startedAt = clock.now();
    let firstError: unknown = null;
    for (const [i, candidate] of candidates.entries()) {
      const limited = withinTime(request, Math.round(clock.now() - startedAt));
      if (limited === null) break;
      try {
        yield* this.#answerOf(candidate, limited, stopped);
        return;
      } catch (error) {
        if (this.#servedBy !== null) throw error;
        firstError ??= error;
        if (stopped.aborted || !isWorthAnother(error, i === 0)) break;
        const next = candidates[i + 1]?.name ?? null;
        logger.warn(
          {
            model: candidate.name,
            code: error instanceof AerieError ? error.code : 'INTERNAL',
            fallback: next,
          },
          next === null
            ? 'no fallback is left'
            : 'a model failed before its answer began; trying its fallback',
        );
      }
    }
    throw firstError;
  }

  async *#answerOf({ acquire }: FallbackCandidate, request: GenerationRequest, stopped: AbortSignal): Events {
    const lease = await acquire(stopped);
    try {
      this.#stream = lease.model.generate(request, stopped);
      for await (const event of this.#stream) {
        this.#servedBy = lease;
        yield event;
      }
      this.#servedBy = lease;
    } finally {
      lease.release();
    }
  }
}

/**
 * A request that the first candidate refuses has to be corrected by the caller. A fallback that refuses it says nothing
 * about the model that was asked for, so the next fallback is tried.
 */
function isWorthAnother(error: unknown, isFirst: boolean): boolean {
  if (!(error instanceof AerieError)) return !isFirst;
  return !isFirst || WORTH_A_FALLBACK.has(error.code);
}

/** The request with the rest of its time limits; null if no time is left. */
function withinTime(request: GenerationRequest, elapsedMs: number): GenerationRequest | null {
  if (elapsedMs === 0) return request;
  const { firstTokenTimeoutMs, timeoutMs } = request;
  const left = {
    ...(firstTokenTimeoutMs === undefined ? {} : { firstTokenTimeoutMs: firstTokenTimeoutMs - elapsedMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: timeoutMs - elapsedMs }),
  };
  return Object.values(left).some((ms) => ms <= 0) ? null : { ...request, ...left };
}
