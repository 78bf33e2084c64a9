import type { GenerationRequest, LanguageModel } from '@aerie/generation';
import { systemClock } from '@aerie/runtime';
import type { FallbackModelOptions } from './fallback-options.js';
import { FallbackStream } from './fallback-stream.js';

/** Several models as one: if one fails before its answer begins, the next is tried. */
export class FallbackModel implements LanguageModel {
  readonly #options: Required<FallbackModelOptions>;

  constructor({ candidates, logger, onEnd = () => undefined, clock = systemClock }: FallbackModelOptions) {
    this.#options = { candidates, logger, onEnd, clock };
  }

  /**
   * Starts an answer with its first read. When no candidate can serve, the stream throws what the first one said: its
   * limits are those that the caller chose. Time limits of the request hold for all candidates together.
   */
  generate(request: GenerationRequest, signal?: AbortSignal): FallbackStream {
    return new FallbackStream(this.#options, request, signal);
  }
}
