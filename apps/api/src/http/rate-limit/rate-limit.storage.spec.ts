import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RateLimitStorage } from './rate-limit.storage.js';

const newStorage = () =>
  new RateLimitStorage({
    redisUrl: null,
    workers: 1,
    onRedisError: () => undefined,
    onPrimaryAway: () => undefined,
  });
const hit = (storage: RateLimitStorage, key = 'a', bucket = 'predict', points = 1) =>
  storage.increment(key, 60_000, 2, 0, bucket, points);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the count of a caller', () => {
  it('blocks beyond the limit, and reports for how long', async () => {
    const storage = newStorage();
    await expect(hit(storage)).resolves.toMatchObject({
      totalHits: 1,
      timeToExpire: 60,
      isBlocked: false,
      timeToBlockExpire: 0,
    });
    await expect(hit(storage)).resolves.toMatchObject({ totalHits: 2, isBlocked: false });
    jest.advanceTimersByTime(20_500);
    await expect(hit(storage)).resolves.toMatchObject({
      totalHits: 2,
      timeToExpire: 40,
      isBlocked: true,
      timeToBlockExpire: 40,
    });
  });

  it('does not include refused requests, nor those that are given back while the window lasts', async () => {
    const storage = newStorage();
    const two = await hit(storage, 'a', 'predict', 2);
    await expect(hit(storage)).resolves.toMatchObject({ totalHits: 2, isBlocked: true });
    await expect(two.giveBack(1)).resolves.toBe(1);
    await expect(hit(storage, 'a', 'predict', 2)).resolves.toMatchObject({ totalHits: 1, isBlocked: true });
    await expect(hit(storage)).resolves.toMatchObject({ totalHits: 2, isBlocked: false });
    jest.advanceTimersByTime(60_001);
    await expect(two.giveBack(1)).resolves.toBe(0);
    await expect(hit(storage)).resolves.toMatchObject({ totalHits: 1 });
  });

  it('starts again with the next window', async () => {
    const storage = newStorage();
    for (let i = 0; i < 3; i++) await hit(storage);
    jest.advanceTimersByTime(60_001);
    await expect(hit(storage)).resolves.toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('is separate for each caller and bucket', async () => {
    const storage = newStorage();
    for (let i = 0; i < 3; i++) await hit(storage);
    await expect(hit(storage, 'b')).resolves.toMatchObject({ totalHits: 1 });
    await expect(hit(storage, 'a', 'embed')).resolves.toMatchObject({ totalHits: 1 });
  });

  it('has nothing to close without Redis', async () => {
    await expect(newStorage().onApplicationShutdown()).resolves.toBeUndefined();
  });
});
