/** Log probability of one token. */
export interface ScoredToken {
  readonly id: number;
  readonly logprob: number;
}

/** Log probabilities at one position. */
export interface PositionLogprobs extends ScoredToken {
  /** The most likely tokens at this position, most likely first. */
  readonly top: readonly ScoredToken[];
}

/** Log probabilities of `chosen` and of the `topCount` most likely tokens, under the model's own distribution. */
export function positionLogprobs(logits: Float32Array, chosen: number, topCount: number): PositionLogprobs {
  const top: { id: number; logit: number }[] = [];
  let max = -Infinity;
  for (const logit of logits) if (logit > max) max = logit;
  let sum = 0;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number;
    sum += Math.exp(logit - max);
    if (topCount === 0 || (top.length === topCount && logit <= (top.at(-1)?.logit ?? Infinity))) continue;
    const place = top.findIndex((entry) => logit > entry.logit);
    top.splice(place === -1 ? top.length : place, 0, { id, logit });
    if (top.length > topCount) top.pop();
  }
  const normalizer = max + Math.log(sum);
  return {
    id: chosen,
    logprob: (logits[chosen] ?? -Infinity) - normalizer,
    top: top.map(({ id, logit }) => ({ id, logprob: logit - normalizer })),
  };
}
