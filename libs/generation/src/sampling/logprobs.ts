import { exponential } from './exponential.js';

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
  const top = topIds(logits, topCount);
  let max = -Infinity;
  for (const logit of logits) if (logit > max) max = logit;
  let sum = 0;
  for (const logit of logits) sum += exponential(max - logit);
  const normalizer = max + Math.log(sum);
  const score = (id: number): ScoredToken => ({ id, logprob: (logits[id] ?? -Infinity) - normalizer });
  return { ...score(chosen), top: top.map(score) };
}

/** Ids of the `count` largest logits, largest first; among equals, the lower id first. */
function topIds(logits: Float32Array, count: number): readonly number[] {
  const top: number[] = [];
  let floor = -Infinity;
  for (let id = 0; id < logits.length && count > 0; id++) {
    const logit = logits[id] as number;
    if (top.length === count && logit <= floor) continue;
    const place = top.findIndex((other) => logit > (logits[other] as number));
    top.splice(place === -1 ? top.length : place, 0, id);
    if (top.length > count) top.pop();
    floor = logits[top.at(-1) ?? id] as number;
  }
  return top;
}
