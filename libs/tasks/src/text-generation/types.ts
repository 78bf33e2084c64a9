import type { ChosenTokenLogprob, FinishReason, GenerationUsage } from '@aerie/generation';

/** One of the choices of a complete answer. */
export interface TextChoice {
  readonly index: number;
  readonly text: string;
  readonly finishReason: FinishReason;
  /** One per token, when asked for. */
  readonly logprobs: readonly ChosenTokenLogprob[] | null;
}

/** A complete answer. */
export interface CompleteAnswer {
  readonly model: string;
  readonly version: string;
  /** In the order of their indexes, at least one. */
  readonly choices: readonly TextChoice[];
  readonly usage: GenerationUsage;
  /** From the model's acceptance to the last token, its queue included. */
  readonly inferenceTimeMs: number;
}
