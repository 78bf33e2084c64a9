import { describe, expect, it } from '@jest/globals';
import { retryDelayMs } from './queue-options.js';

describe('the wait before a job is tried again', () => {
  it.each([
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [5, 8_000, 16_000],
  ])('after %i failed attempts is from %i to %i ms', (attempts, least, most) => {
    expect(retryDelayMs(attempts, () => 1)).toBe(least);
    expect(retryDelayMs(attempts, () => 0)).toBe(most);
  });
});
