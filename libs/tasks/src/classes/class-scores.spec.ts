import { describe, expect, it } from '@jest/globals';
import { activate, selectTop } from './class-scores.js';

const indices = (values: readonly number[], k: number): number[] =>
  selectTop(Float32Array.from(values), k).map(({ index }) => index);

describe('the largest values', () => {
  it('come largest first, with their classes', () => {
    expect(selectTop(Float32Array.of(0.25, 0.5, 0.125), 2)).toEqual([
      { index: 1, confidence: 0.5 },
      { index: 0, confidence: 0.25 },
    ]);
  });

  it('keep the order of their classes when they are equal', () => {
    expect(indices([1, 3, 3, 1, 3], 4)).toEqual([1, 2, 4, 0]);
    expect(indices([2, 2, 2, 2], 2)).toEqual([0, 1]);
  });

  it('are all values if more are requested', () => {
    expect(indices([1, 2], 100)).toEqual([1, 0]);
    expect(indices([], 5)).toEqual([]);
  });

  it.each([1, 5, 100])('are those that sorting finds, for k = %d', (k) => {
    let state = 7;
    const values = Float32Array.from({ length: 1000 }, () => {
      state = (state * 48_271) % 2_147_483_647;
      return state % 400;
    });
    const sorted = [...values.keys()].sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
    expect(selectTop(values, k).map(({ index }) => index)).toEqual(sorted.slice(0, k));
  });
});

describe('an activation', () => {
  it('of none leaves the values unchanged', () => {
    const values = Float32Array.of(-1, 2);
    expect(activate(values, 'none')).toBe(values);
  });

  it('of sigmoid transforms each value separately', () => {
    const [low, middle, high] = activate(Float32Array.of(-1000, 0, 1000), 'sigmoid');
    expect([low, middle, high]).toEqual([0, 0.5, 1]);
  });

  it('of softmax adds up to 1, even if the powers would overflow', () => {
    const [a, b, c] = activate(Float32Array.of(1000, 1000 + Math.log(2), 1000 + Math.log(5)), 'softmax');
    expect(a).toBeCloseTo(1 / 8, 3);
    expect(b).toBeCloseTo(2 / 8, 3);
    expect(c).toBeCloseTo(5 / 8, 3);
  });
});
