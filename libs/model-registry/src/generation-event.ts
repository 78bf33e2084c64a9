import type { GenerationRecord, GenerationStatus, StepRecord } from '@aerie/generation';
import type { ModelReference } from './model-selector.js';

/** What a language model did, for metrics. Times in milliseconds. */
export type GenerationOccurrence =
  /** A run of the model ended. */
  | { readonly type: 'step'; readonly step: StepRecord }
  /** The first piece of a request's text came, so long after the request. */
  | { readonly type: 'first-token'; readonly elapsedMs: number }
  /** A further piece came, so long after the one before. */
  | { readonly type: 'inter-token'; readonly elapsedMs: number }
  /** A request ended, one way or another. */
  | { readonly type: 'end'; readonly record: GenerationRecord };

/** {@link GenerationOccurrence}, and whose it is. */
export type GenerationModelEvent = GenerationOccurrence & {
  readonly model: string;
  readonly version: string;
};

/** Called for everything a language model does. Must not throw. */
export type GenerationListener = (event: GenerationModelEvent) => void;

/** What a loaded language model is doing now. */
export interface GenerationState extends ModelReference {
  readonly status: GenerationStatus;
}
