import type { LanguageModel } from '@aerie/generation';
import type { Clock, Logger, StreamOutcome } from '@aerie/runtime';

/** A language model that is ready, and stays so until it is released. */
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
   * Makes it ready for one answer.
   *
   * @throws AerieError when it cannot be; or the signal's reason.
   */
  readonly acquire: (signal: AbortSignal) => Promise<LeasedModel>;
}

/** What a {@link FallbackModel} consists of. */
export interface FallbackModelOptions {
  /** In the order in which they are tried, at least one. */
  readonly candidates: readonly [FallbackCandidate, ...FallbackCandidate[]];
  readonly logger: Logger;
  /** An answer ended, so long after it was asked for. */
  readonly onEnd?: (outcome: StreamOutcome, elapsedMs: number) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
}
