import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ClusterLimiter, type Limiter } from './cluster-limiter.js';

const AWAY = new Error('no answer from master in time');

function newLimiter() {
  const ofPrimary = new RateLimiterRes(5, 1000, 7, false);
  const shared = {
    consume: jest.fn<Limiter['consume']>().mockResolvedValue(ofPrimary),
    reward: jest.fn<Limiter['reward']>().mockResolvedValue(ofPrimary),
  };
  const onAway = jest.fn();
  const isConnected = jest.fn(() => true);
  const own = new RateLimiterMemory({ points: 2, duration: 60 });
  const sut = new ClusterLimiter({ shared, own, isConnected, onAway });
  return { sut, shared, onAway, isConnected, ofPrimary };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the count of all processes', () => {
  it("is the primary's", async () => {
    const { sut, shared, ofPrimary } = newLimiter();
    await expect(sut.consume('a')).resolves.toBe(ofPrimary);
    shared.consume.mockRejectedValue(ofPrimary);
    await expect(sut.consume('a')).rejects.toBe(ofPrimary);
  });

  it("is this process's own while the primary does not respond, which is reported once", async () => {
    const { sut, shared, onAway } = newLimiter();
    shared.consume.mockRejectedValue(AWAY);
    await expect(Promise.all([sut.consume('a'), sut.consume('a')])).resolves.toMatchObject([
      { consumedPoints: 1 },
      { consumedPoints: 2 },
    ]);
    await expect(sut.consume('a')).rejects.toBeInstanceOf(RateLimiterRes);
    expect(onAway.mock.calls).toEqual([[AWAY]]);
  });

  it('makes only some calls wait for an unresponsive primary', async () => {
    const { sut, shared, onAway, ofPrimary } = newLimiter();
    shared.consume.mockRejectedValueOnce(AWAY);
    await sut.consume('a');
    await sut.consume('b');
    expect(shared.consume).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1_000);
    await expect(sut.consume('a')).resolves.toBe(ofPrimary);
    await expect(sut.consume('a')).resolves.toBe(ofPrimary);
    shared.consume.mockRejectedValueOnce(AWAY);
    await sut.consume('a');
    expect(onAway).toHaveBeenCalledTimes(2);
  });

  it('takes points back where it counts', async () => {
    const { sut, shared, ofPrimary } = newLimiter();
    await expect(sut.reward('a', 3)).resolves.toBe(ofPrimary);
    expect(shared.reward).toHaveBeenCalledWith('a', 3);
    shared.consume.mockRejectedValue(AWAY);
    await sut.consume('a', 2);
    await expect(sut.reward('a', 1)).resolves.toMatchObject({ consumedPoints: 1 });
    expect(shared.reward).toHaveBeenCalledTimes(1);
  });

  it('does not ask a primary that has ended', async () => {
    const { sut, shared, isConnected, onAway } = newLimiter();
    isConnected.mockReturnValue(false);
    await expect(sut.consume('a')).resolves.toMatchObject({ consumedPoints: 1 });
    expect(shared.consume).not.toHaveBeenCalled();
    expect(onAway).toHaveBeenCalledTimes(1);
  });
});
