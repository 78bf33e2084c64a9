import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { countRequests } from './count-requests.js';
import { RateLimitStorage } from './rate-limit.storage.js';

const LIMIT = { bucket: 'predict', limit: 10, windowMs: 60_000 };

function setUp() {
  const storage = new RateLimitStorage({
    redisUrl: null,
    workers: 1,
    onRedisError: () => undefined,
    onPrimaryAway: () => undefined,
  });
  const headers: Record<string, string> = {};
  const response = { setHeader: (name: string, value: string) => (headers[name] = value) };
  const request = { context: { apiKeyId: null, address: '192.0.2.1' } };
  const count = (requests?: number) =>
    countRequests(storage, LIMIT, request as unknown as Request, response as unknown as Response, requests);
  return { count, headers };
}

describe('requests that count against a limit', () => {
  it('count as the number of their items, and the next is refused with Retry-After', async () => {
    const { count, headers } = setUp();
    await count(7);
    expect(headers).toMatchObject({ 'RateLimit-Limit': '10', 'RateLimit-Remaining': '3' });
    await count();
    await expect(count(3)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 60_000 });
    expect(headers['RateLimit-Remaining']).toBe('2');
    await count(2);
  });

  it('are given back if they are not served', async () => {
    const { count, headers } = setUp();
    const giveBack = await count(7);
    await giveBack(5);
    expect(headers['RateLimit-Remaining']).toBe('8');
    await count(8);
  });

  it('are refused without being counted if they exceed the limit alone', async () => {
    const { count } = setUp();
    await expect(count(11)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: '11 items exceed the limit of 10 requests in 60 s (RATE_LIMIT_PREDICT). Submit fewer.',
    });
    await count(10);
  });
});
