import type { GenerationEvent, GenerationRequest, GenerationUsage } from './generation-request.js';

/** The events of one answer, to be read once. Leaving the loop early cancels the request. */
export interface TextStream extends AsyncIterableIterator<GenerationEvent, undefined> {
  /** Tokens used by the request so far; complete after the last event. */
  readonly usage: GenerationUsage;
}

/** A source of text: an engine of this process, or an upstream. */
export interface LanguageModel {
  /**
   * Starts one answer. Failures (also of the request itself) are thrown by the stream as AerieErrors.
   *
   * @param signal ends the request when it aborts: the stream throws the signal's reason.
   */
  generate(request: GenerationRequest, signal?: AbortSignal): TextStream;
}
