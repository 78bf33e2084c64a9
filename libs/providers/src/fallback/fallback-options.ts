import type { LanguageModel } from '@aerie/generation';
import type { Clock, Logger } from '@aerie/runtime';

/** A model that may serve. */
export interface FallbackCandidate {
  /** What X-Model-Name says when it served. */
  readonly name: string;
  readonly model: LanguageModel;
}

/** What a {@link FallbackModel} consists of. */
export interface FallbackModelOptions {
  /** In the order in which they are tried, at least one. */
  readonly candidates: readonly [FallbackCandidate, ...FallbackCandidate[]];
  readonly logger: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
}
