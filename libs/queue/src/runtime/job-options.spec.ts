import { backoffMs } from '@aerie/runtime';
import { describe, expect, it } from '@jest/globals';
import { JOB_BACKOFF } from './job-options.js';

describe('the wait before a job is tried again', () => {
  it.each([
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [5, 8_000, 16_000],
  ])('after %i failed attempts is between %i and %i ms', (attempts, least, most) => {
    expect(backoffMs(attempts, JOB_BACKOFF, () => 0)).toBe(least);
    expect(backoffMs(attempts, JOB_BACKOFF, () => 1)).toBe(most);
  });
});
