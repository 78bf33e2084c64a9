import type { ResolvedSampling } from './sampling-params.js';

/** The tokens of a sequence, as the penalties count them. */
export class TokenCounts {
  /** Tokens of the prompt and of the text so far. */
  readonly seen = new Set<number>();
  /** Occurrences in the text so far, without the prompt. */
  readonly generated = new Map<number, number>();

  addPrompt(tokens: Iterable<number>): void {
    for (const token of tokens) this.seen.add(token);
  }

  addGenerated(token: number): void {
    this.seen.add(token);
    this.generated.set(token, (this.generated.get(token) ?? 0) + 1);
  }
}

/** Whether the parameters change any logit, so that the caller may skip counting tokens. */
export function hasPenalties(sampling: ResolvedSampling): boolean {
  return (
    sampling.repetitionPenalty !== 1 || sampling.presencePenalty !== 0 || sampling.frequencyPenalty !== 0
  );
}

/** Applies penalties and biases to `logits` in place: repetition first, then presence and frequency, then the bias. */
export function applyPenalties(logits: Float32Array, counts: TokenCounts, sampling: ResolvedSampling): void {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = sampling;
  if (repetitionPenalty !== 1) {
    for (const token of counts.seen) {
      const logit = logits[token];
      if (logit !== undefined)
        logits[token] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
    }
  }
  if (presencePenalty !== 0 || frequencyPenalty !== 0) {
    for (const [token, count] of counts.generated) {
      const logit = logits[token];
      if (logit !== undefined) logits[token] = logit - presencePenalty - frequencyPenalty * count;
    }
  }
  for (const [token, bias] of sampling.logitBias) {
    const logit = logits[token];
    if (logit !== undefined) logits[token] = logit + bias;
  }
}
