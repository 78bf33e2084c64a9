import type { GenerationRecord, GenerationStatus, StepRecord } from '@aerie/generation';
import type { ModelReference } from './model-selector.js';

/** An event of a language model, for metrics. Times in milliseconds. */
export type GenerationOccurrence =
  /** A run of the model ended. */
  | { readonly type: 'step'; readonly step: StepRecord }
  /** The first piece of a request's text arrived, with the time since the request. */
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

/** Called for every event of a language model. Must not throw. */
export type GenerationListener = (event: GenerationModelEvent) => void;

/** The current activity of a loaded language model. */
export interface GenerationState extends ModelReference {
  readonly status: GenerationStatus;
}
