import { describe, expect, it } from '@jest/globals';
import { Backoff, backoffMs } from './backoff.js';

const OPTIONS = { firstMs: 100, maxMs: 10_000 };

describe('backoffMs', () => {
  it('doubles up to the longest wait', () => {
    const waits = [1, 2, 3, 7, 8, 2_000].map((failures) => backoffMs(failures, OPTIONS));
    expect(waits).toEqual([100, 200, 400, 6_400, 10_000, 10_000]);
  });

  it('randomizes a share of the wait', () => {
    const wait = (random: number) => backoffMs(1, { ...OPTIONS, jitter: 0.5 }, () => random);
    expect([wait(0), wait(0.5), wait(1)]).toEqual([50, 75, 100]);
  });
});

describe('Backoff', () => {
  it('doubles the wait after each consecutive failure, after those without a wait', () => {
    const backoff = new Backoff({ ...OPTIONS, immediate: 1 });
    const waits = Array.from({ length: 10 }, () => backoff.fail());
    expect(waits).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    expect(backoff.failures).toBe(10);
  });

  it('starts over after a long enough uptime or a reset', () => {
    const backoff = new Backoff({ ...OPTIONS, healthyAfterMs: 60_000 });
    expect([backoff.fail(), backoff.fail(59_999), backoff.fail(60_000), backoff.fail()]).toEqual([
      100, 200, 100, 200,
    ]);
    backoff.reset();
    expect([backoff.failures, backoff.fail()]).toEqual([0, 100]);
  });
});
