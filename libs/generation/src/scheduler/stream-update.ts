import type { AerieErrorJson } from '@aerie/contracts';
import type { GenerationEvent, GenerationUsage } from '../generation-request.js';

/** The effect of a step on one request, in the form sent to the caller's thread. */
export type StreamUpdate =
  | {
      readonly id: number;
      /** It left the queue. */
      readonly type: 'started';
      readonly usage: GenerationUsage;
    }
  | { readonly id: number; readonly type: 'event'; readonly event: GenerationEvent }
  | {
      readonly id: number;
      /** The request has ended; with an error unless every choice finished. */
      readonly type: 'ended';
      readonly usage: GenerationUsage;
      readonly error: AerieErrorJson | null;
    };

/** One run of the model. */
export interface StepRecord {
  readonly kind: 'prefill' | 'decode';
  /** Sequences that took part. */
  readonly rows: number;
  /** Tokens that were appended. */
  readonly tokens: number;
  /** Duration of the run, without sampling, detokenizing and caching. */
  readonly runMs: number;
}
