import type { LanguageModel } from '@aerie/generation';
import type { ProviderClock } from '../provider-clock.js';
import type { ProviderLogger } from '../provider-logger.js';

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
  readonly logger: ProviderLogger;
  /** Default: the machine's. */
  readonly clock?: ProviderClock;
}
