/** How the next token is chosen. Every field is optional; the defaults sample from the model's own distribution. */
export interface SamplingParams {
  /** 0 takes the most likely token; above, logits are divided by it. 0..2, default 1. */
  readonly temperature?: number;
  /** Keeps the most likely tokens that together reach this probability. Above 0, at most 1 (off, the default). */
  readonly topP?: number;
  /** Keeps this many of the most likely tokens. 0 (the default) is off. */
  readonly topK?: number;
  /** Keeps tokens at least this likely relative to the most likely one. 0 (off, the default) to 1. */
  readonly minP?: number;
  /** Divides positive and multiplies negative logits of tokens in the prompt or the text so far. Above 0, default 1. */
  readonly repetitionPenalty?: number;
  /** Subtracted once from the logit of each generated token. -2..2, default 0. */
  readonly presencePenalty?: number;
  /** Subtracted per occurrence from the logit of each generated token. -2..2, default 0. */
  readonly frequencyPenalty?: number;
  /** Added to the logits of single tokens, by token id. */
  readonly logitBias?: Readonly<Record<string, number>>;
  /** Makes the text reproducible: the same seed and request give the same text, whatever else runs. An integer. */
  readonly seed?: number;
  /** Report the log probability of each token, and of this many of the most likely ones (0..20). Off unless given. */
  readonly topLogprobs?: number;
}

/** {@link SamplingParams} with every default filled in. */
export interface ResolvedSampling {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly logitBias: readonly (readonly [tokenId: number, bias: number])[];
  readonly seed: number;
  /** Number of alternatives to report per token; null when no log probabilities are wanted. */
  readonly topLogprobs: number | null;
}

/** Fills in the defaults. `entropy` is the seed of a request that names none. */
export function resolveSampling(params: SamplingParams, entropy: number): ResolvedSampling {
  return {
    temperature: params.temperature ?? 1,
    topP: params.topP ?? 1,
    topK: params.topK ?? 0,
    minP: params.minP ?? 0,
    repetitionPenalty: params.repetitionPenalty ?? 1,
    presencePenalty: params.presencePenalty ?? 0,
    frequencyPenalty: params.frequencyPenalty ?? 0,
    logitBias: Object.entries(params.logitBias ?? {}).map(([id, bias]) => [Number(id), bias] as const),
    seed: params.seed ?? entropy,
    topLogprobs: params.topLogprobs ?? null,
  };
}
