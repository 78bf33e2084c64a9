import { describe, expect, it } from '@jest/globals';
import { exponential } from './exponential.js';

describe('exponential', () => {
  it('agrees with Math.exp to nine digits', () => {
    let worst = 0;
    for (let distance = 0; distance < 80; distance += 0.0137) {
      worst = Math.max(worst, Math.abs(exponential(distance) / Math.exp(-distance) - 1));
    }
    expect(worst).toBeLessThan(1e-9);
  });

  it('is 0 for distances that are too large or not a number', () => {
    expect([exponential(128), exponential(Infinity), exponential(NaN)]).toEqual([0, 0, 0]);
  });
});
