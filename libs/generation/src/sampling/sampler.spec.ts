import { describe, expect, it } from '@jest/globals';
import { TokenCounts } from './penalties.js';
import { Sampler } from './sampler.js';
import { resolveSampling, type SamplingParams } from './sampling-params.js';

/** Logits of a distribution given by its probabilities. */
function logitsOf(...probabilities: readonly number[]): Float32Array {
  return Float32Array.from(probabilities, (probability) => Math.log(probability) + 5);
}

/** How often each token is drawn, in percent. */
function shares(logits: Float32Array, params: SamplingParams, counts = new TokenCounts()): number[] {
  const sampler = new Sampler(logits.length);
  const sampling = resolveSampling({ seed: 7, ...params }, 0);
  const hits = Array.from(logits, () => 0);
  const draws = 2_000;
  for (let position = 0; position < draws; position++) {
    const token = sampler.sample(logits.slice(), { sampling, counts, choice: 0, position });
    if (token !== null) hits[token.id] = (hits[token.id] ?? 0) + 1;
  }
  return hits.map((hit) => Math.round((hit * 100) / draws));
}

describe('Sampler', () => {
  it('picks the most likely token at temperature 0, the first of equals', () => {
    expect(shares(Float32Array.of(1, 3, 3, 2), { temperature: 0 })).toEqual([0, 100, 0, 0]);
    expect(shares(Float32Array.of(-4, -3, -2, -5), { temperature: 0 })).toEqual([0, 0, 100, 0]);
  });

  it('draws from the model’s distribution at temperature 1', () => {
    const drawn = shares(logitsOf(0.5, 0.3, 0.2), {});
    expect(drawn[0]).toBeCloseTo(50, -0.8);
    expect(drawn[1]).toBeCloseTo(30, -0.8);
    expect(drawn[2]).toBeCloseTo(20, -0.8);
  });

  it('sharpens with a low temperature; at 0.5, probabilities are squared', () => {
    // 0.25 : 0.09 : 0.04 of 0.38
    expect(shares(logitsOf(0.5, 0.3, 0.2), { temperature: 0.5 })[0]).toBeCloseTo(66, -0.8);
  });

  it('keeps the fewest tokens that reach top_p', () => {
    expect(shares(logitsOf(0.2, 0.5, 0.3), { topP: 0.75 })[0]).toBe(0);
    expect(shares(logitsOf(0.2, 0.5, 0.3), { topP: 0.45 })).toEqual([0, 100, 0]);
    expect(shares(logitsOf(0.2, 0.5, 0.3), { topP: 0.85 })[0]).toBeGreaterThan(15);
  });

  it('keeps the top_k most likely, and of equals the lower ids', () => {
    expect(shares(logitsOf(0.1, 0.4, 0.2, 0.3), { topK: 2 }).map((share) => share > 0)).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(shares(Float32Array.of(1, 1, 1, 1), { topK: 2 }).map((share) => share > 0)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('measures top_p among the tokens that top_k left', () => {
    // After top_k 2, 0.4 and 0.3 are 57% and 43%: a nucleus of 0.5 holds the first alone.
    expect(shares(logitsOf(0.1, 0.4, 0.2, 0.3), { topK: 2, topP: 0.5 })).toEqual([0, 100, 0, 0]);
  });

  it('keeps tokens at least min_p as likely as the first', () => {
    expect(shares(logitsOf(0.5, 0.3, 0.2), { minP: 0.5 }).map((share) => share > 0)).toEqual([
      true,
      true,
      false,
    ]);
    expect(shares(logitsOf(0.5, 0.3, 0.2), { minP: 1 })).toEqual([100, 0, 0]);
  });

  it('divides positive logits of seen tokens by the repetition penalty, and multiplies negative ones', () => {
    const counts = new TokenCounts();
    counts.addPrompt([0, 2]);
    const logits = Float32Array.of(4, 3, -1, -1.5);
    const sampler = new Sampler(4);
    sampler.sample(logits, {
      sampling: resolveSampling({ repetitionPenalty: 2, temperature: 0 }, 0),
      counts,
      choice: 0,
      position: 0,
    });
    expect([...logits]).toEqual([2, 3, -2, -1.5]);
  });

  it('subtracts presence once and frequency per occurrence, for generated tokens only', () => {
    const counts = new TokenCounts();
    counts.addPrompt([2]);
    for (const token of [0, 0, 1]) counts.addGenerated(token);
    const logits = Float32Array.of(4, 4, 4);
    const sampling = resolveSampling({ presencePenalty: 1, frequencyPenalty: 0.5, temperature: 0 }, 0);
    const token = new Sampler(3).sample(logits, { sampling, counts, choice: 0, position: 0 });
    expect([...logits]).toEqual([2, 2.5, 4]);
    expect(token?.id).toBe(2);
  });

  it('adds the bias of single tokens', () => {
    expect(shares(logitsOf(0.5, 0.3, 0.2), { logitBias: { '2': 100, '0': -100 } })).toEqual([0, 0, 100]);
  });

  it('draws the same for the same seed, choice and position, and differently otherwise', () => {
    const logits = Float32Array.from({ length: 1000 }, () => 0);
    const draw = (seed: number, choice: number, position: number): number | undefined =>
      new Sampler(1000).sample(logits.slice(), {
        sampling: resolveSampling({ seed }, 0),
        counts: new TokenCounts(),
        choice,
        position,
      })?.id;
    expect(draw(1, 0, 5)).toBe(draw(1, 0, 5));
    expect(
      new Set([
        draw(1, 0, 5),
        draw(2, 0, 5),
        draw(1, 1, 5),
        draw(1, 0, 6),
        draw(-1, 0, 5),
        draw(2 ** 40 + 1, 0, 5),
      ]).size,
    ).toBe(6);
  });

  it('reports log probabilities of the model, not of the penalized logits', () => {
    const sampling = resolveSampling({ temperature: 0, topLogprobs: 2, logitBias: { '2': 100 } }, 0);
    const token = new Sampler(3).sample(logitsOf(0.5, 0.3, 0.2), {
      sampling,
      counts: new TokenCounts(),
      choice: 0,
      position: 0,
    });
    expect(token?.id).toBe(2);
    expect(Math.exp(token?.logprobs?.logprob ?? 0)).toBeCloseTo(0.2, 5);
    expect(token?.logprobs?.top.map(({ id, logprob }) => [id, Math.round(Math.exp(logprob) * 1000)])).toEqual(
      [
        [0, 500],
        [1, 300],
      ],
    );
  });

  it('fails for logits that are not numbers', () => {
    const sampling = resolveSampling({}, 0);
    const context = { sampling, counts: new TokenCounts(), choice: 0, position: 0 };
    expect(new Sampler(2).sample(Float32Array.of(NaN, NaN), context)).toBeNull();
    expect(new Sampler(2).sample(Float32Array.of(-Infinity, -Infinity), context)).toBeNull();
  });
});
