import { describe, expect, it } from '@jest/globals';
import { RestartBackoff } from './restart-backoff.js';

describe('RestartBackoff', () => {
  it('restarts at once, then waits twice as long each time, up to 10 s', () => {
    const backoff = new RestartBackoff();
    const delays = Array.from({ length: 10 }, () => backoff.nextDelayMs(0));
    expect(delays).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  it('starts over after a minute of health', () => {
    const backoff = new RestartBackoff();
    backoff.nextDelayMs(0);
    expect(backoff.nextDelayMs(59_999)).toBe(100);
    expect(backoff.nextDelayMs(60_000)).toBe(0);
    expect(backoff.nextDelayMs(0)).toBe(100);
  });
});
