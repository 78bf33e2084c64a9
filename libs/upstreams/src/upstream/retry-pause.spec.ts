import { describe, expect, it } from '@jest/globals';
import { retryPauseMs } from './retry-pause.js';

describe('retryPauseMs', () => {
  const circumstances = { attempts: 1, retryAfterMs: undefined, maxRetryAfterMs: 5_000, random: 0.5 };

  it('doubles up to a limit, with jitter', () => {
    expect([1, 2, 3, 20].map((attempts) => retryPauseMs({ ...circumstances, attempts }))).toEqual([
      188, 375, 750, 3_000,
    ]);
  });

  it('respects the wait that the upstream asks for, or gives up', () => {
    expect(retryPauseMs({ ...circumstances, retryAfterMs: 1_000 })).toBe(1_050);
    expect(retryPauseMs({ ...circumstances, retryAfterMs: 5_001 })).toBeNull();
  });
});
