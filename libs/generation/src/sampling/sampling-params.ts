import { SAMPLING_FIELDS, type SamplingValues } from '@aerie/contracts';

/** Options for choosing the next token, all optional; the defaults sample from the model's own distribution. */
export type SamplingParams = SamplingValues & {
  /** Added to the logits of single tokens, by token id. */
  readonly logitBias?: Readonly<Record<string, number>>;
};

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
  /** Number of alternatives to report per token; null if no log probabilities are requested. */
  readonly topLogprobs: number | null;
}

/** Fills in the defaults. `entropy` is the seed of a request without one. */
export function resolveSampling(params: SamplingParams, entropy: number): ResolvedSampling {
  const fields = SAMPLING_FIELDS;
  const topP = params.topP ?? fields.topP.neutral;
  const topK = params.topK ?? fields.topK.neutral;
  // Only the most likely token is left: it alone reaches any share above 0.
  const isGreedy = topP === 0 || topK === 1;
  return {
    temperature: isGreedy ? 0 : (params.temperature ?? fields.temperature.neutral),
    topP,
    topK,
    minP: params.minP ?? fields.minP.neutral,
    repetitionPenalty: params.repetitionPenalty ?? fields.repetitionPenalty.neutral,
    presencePenalty: params.presencePenalty ?? fields.presencePenalty.neutral,
    frequencyPenalty: params.frequencyPenalty ?? fields.frequencyPenalty.neutral,
    logitBias: Object.entries(params.logitBias ?? {}).map(([id, bias]) => [Number(id), bias] as const),
    seed: params.seed ?? entropy,
    topLogprobs: params.topLogprobs ?? null,
  };
}
