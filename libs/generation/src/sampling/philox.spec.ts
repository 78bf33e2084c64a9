import { describe, expect, it } from '@jest/globals';
import { philox4x32, uniform } from './philox.js';

const ONES = 0xffffffff;

describe('philox4x32', () => {
  // Known answers of the Random123 library, philox4x32 with 10 rounds.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ONES, ONES, ONES, ONES],
      [ONES, ONES],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('maps counter %j under key %j to its known answer', (counter, key, words) => {
    expect(philox4x32(counter, key)).toEqual(words);
  });
});

describe('uniform', () => {
  it('lies in [0, 1) with a mean of one half', () => {
    let sum = 0;
    for (let position = 0; position < 10_000; position++) {
      const value = uniform(3, 0, position);
      expect(value >= 0 && value < 1).toBe(true);
      sum += value;
    }
    expect(sum / 10_000).toBeCloseTo(0.5, 1.7);
  });
});
