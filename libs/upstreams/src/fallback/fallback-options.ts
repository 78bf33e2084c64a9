import type { LanguageModel } from '@aerie/generation';
import type { Clock, Logger, StreamOutcome } from '@aerie/runtime';

/** A language model that stays ready until it is released. */
export interface LeasedModel {
  readonly name: string;
  readonly version: string;
  /** Without fallbacks of its own. */
  readonly model: LanguageModel;
  /** Idempotent. */
  release(): void;
}

/** A model that may serve. */
export interface FallbackCandidate {
  /** For log lines. */
  readonly name: string;
  /**
   * Prepares the model for one answer.
   *
   * @throws AerieError if that fails, or the signal's reason.
   */
  readonly acquire: (signal: AbortSignal) => Promise<LeasedModel>;
}

/** Options for a {@link FallbackModel}. */
export interface FallbackModelOptions {
  /** In the order in which they are tried, at least one. */
  readonly candidates: readonly [FallbackCandidate, ...FallbackCandidate[]];
  readonly logger: Logger;
  /** Called when an answer ends, with the time since its request. */
  readonly onEnd?: (outcome: StreamOutcome, elapsedMs: number) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
}
