import type { SamplingParams } from './sampling/sampling-params.js';
import type { Prompt } from './text/prompt-encoder.js';

/** A request for text. */
export type GenerationRequest = Prompt &
  SamplingParams & {
    /** Number of independent answers, 1 (the default) to the engine's `maxSlots`. They share one prefill. */
    readonly n?: number;
    /** Continues after the model's end-of-text token. For measurements. */
    readonly ignoreEos?: boolean;
    /** Requests with a higher priority leave the queue first. Default 0. */
    readonly priority?: number;
    /** TIMEOUT when the first piece of text takes longer than this, waiting included. */
    readonly firstTokenTimeoutMs?: number;
    /** TIMEOUT when the whole answer takes longer than this, waiting included. */
    readonly timeoutMs?: number;
  };

/** Tokens used by a request so far. */
export interface GenerationUsage {
  /** Prompt tokens, including cached ones. */
  readonly promptTokens: number;
  /** Prompt tokens reused from earlier requests. */
  readonly cachedTokens: number;
  /** Tokens generated for all choices, including the end-of-text token. */
  readonly completionTokens: number;
}

/** A token with its log probability. */
export interface TokenLogprob {
  /** The token's text; U+FFFD stands for parts of a character. */
  readonly token: string;
  /** The token's UTF-8 bytes. */
  readonly bytes: readonly number[];
  readonly logprob: number;
}

/** A generated token's log probability, and those of the most likely tokens at its position. */
export interface ChosenTokenLogprob extends TokenLogprob {
  readonly top: readonly TokenLogprob[];
}

/** Why an answer ended: at its end or a stop string (`stop`), or because it reached its limit (`length`). */
export type FinishReason = 'stop' | 'length';

/** An event of a request's stream. A failure is thrown as an AerieError instead. */
export type GenerationEvent =
  | {
      readonly type: 'text';
      /** Which of the `n` choices. */
      readonly index: number;
      /** Whole characters, never part of a stop string. Empty only if the event has log probabilities. */
      readonly text: string;
      /** Tokens generated since the choice's last event. */
      readonly tokens: number;
      /** One per token of `text`, when asked for. */
      readonly logprobs?: readonly ChosenTokenLogprob[];
    }
  | {
      readonly type: 'finish';
      readonly index: number;
      readonly finishReason: FinishReason;
      /** Usage of the whole request so far; complete when the last choice finishes. */
      readonly usage: GenerationUsage;
    };
