import type { GenerationRequest, LanguageModel } from '@aerie/generation';
import { systemClock } from '@aerie/runtime';
import type { FallbackModelOptions } from './fallback-options.js';
import { FallbackStream } from './fallback-stream.js';

/** Several models that act as one. If a model fails before its answer begins, the next one is tried. */
export class FallbackModel implements LanguageModel {
  readonly #options: Required<FallbackModelOptions>;

  constructor({ candidates, logger, onEnd = () => undefined, clock = systemClock }: FallbackModelOptions) {
    this.#options = { candidates, logger, onEnd, clock };
  }

  /**
   * The first candidate is asked when the stream is first read. If none can serve, the stream throws the error of the
   * first, which is the model that the caller chose. Time limits of the request apply to all candidates together.
   */
  generate(request: GenerationRequest, signal?: AbortSignal): FallbackStream {
    return new FallbackStream(this.#options, request, signal);
  }
}
