import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RateLimitStorage } from './rate-limit.storage.js';

const newStorage = () =>
  new RateLimitStorage({
    redisUrl: null,
    workers: 1,
    onRedisError: () => undefined,
    onPrimaryAway: () => undefined,
  });
const hit = (storage: RateLimitStorage, key = 'a', bucket = 'predict') =>
  storage.increment(key, 60_000, 2, 0, bucket);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the count of a caller', () => {
  it('blocks beyond the limit, and reports for how long', async () => {
    const storage = newStorage();
    await expect(hit(storage)).resolves.toEqual({
      totalHits: 1,
      timeToExpire: 60,
      isBlocked: false,
      timeToBlockExpire: 0,
    });
    await expect(hit(storage)).resolves.toMatchObject({ totalHits: 2, isBlocked: false });
    jest.advanceTimersByTime(20_500);
    await expect(hit(storage)).resolves.toEqual({
      totalHits: 3,
      timeToExpire: 40,
      isBlocked: true,
      timeToBlockExpire: 40,
    });
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
