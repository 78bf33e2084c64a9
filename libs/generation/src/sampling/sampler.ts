import { argmax } from './argmax.js';
import { Candidates } from './candidates.js';
import { uniform } from './philox.js';
import { applyPenalties, hasPenalties, type TokenCounts } from './penalties.js';
import { type PositionLogprobs, positionLogprobs } from './logprobs.js';
import type { ResolvedSampling } from './sampling-params.js';

/** A chosen token. */
export interface SampledToken {
  readonly id: number;
  /** Present if the request asked for log probabilities. */
  readonly logprobs?: PositionLogprobs;
}

/** Everything that a draw depends on: the same arguments give the same token. */
export interface DrawContext {
  readonly sampling: ResolvedSampling;
  readonly counts: TokenCounts;
  /** Which of the request's choices draws. */
  readonly choice: number;
  /** Number of tokens that choice has drawn before. */
  readonly position: number;
}

/**
 * Weights, relative to the most likely token, below which a token is dropped. A vocabulary of 50,000 tokens just below
 * it would account for one draw in two million; if a nucleus
 * is cut anyway, for less than 0.5% of its probability, and in practice 0.01%.
 */
const NEGLIGIBLE_WEIGHT = 1e-11;
const NEGLIGIBLE_WEIGHT_TRUNCATED = 1e-7;

/** Chooses tokens from logits. Holds scratch arrays: one instance per thread. */
export class Sampler {
  readonly #candidates: Candidates;

  constructor(vocabSize: number) {
    this.#candidates = new Candidates(vocabSize);
  }

  /**
   * Chooses the next token. Order: penalties and bias, temperature, min_p, top_k, top_p, draw.
   *
   * @param logits one per vocabulary entry; changed in place by penalties and bias.
   * @returns null if the logits have no finite maximum: the model failed, and the caller must not go on.
   */
  sample(logits: Float32Array, context: DrawContext): SampledToken | null {
    const { sampling } = context;
    const raw = sampling.topLogprobs === null ? null : logits.slice();
    if (hasPenalties(sampling) || sampling.logitBias.length > 0)
      applyPenalties(logits, context.counts, sampling);
    const best = argmax(logits);
    const max = logits[best];
    if (max === undefined || !Number.isFinite(max)) return null;
    const id = sampling.temperature === 0 ? best : this.#draw(logits, max, context);
    return raw === null ? { id } : { id, logprobs: positionLogprobs(raw, id, sampling.topLogprobs ?? 0) };
  }

  #draw(logits: Float32Array, max: number, { sampling, choice, position }: DrawContext): number {
    const candidates = this.#candidates;
    const negligible =
      sampling.topP < 1 || sampling.topK > 0 ? NEGLIGIBLE_WEIGHT_TRUNCATED : NEGLIGIBLE_WEIGHT;
    candidates.collect(logits, max, sampling.temperature, Math.max(sampling.minP, negligible));
    if (sampling.topK > 0) candidates.keepTop(sampling.topK);
    if (sampling.topP < 1) candidates.keepNucleus(sampling.topP);
    return candidates.pick(uniform(sampling.seed, choice, position));
  }
}
