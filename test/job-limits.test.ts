import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { postJson, send } from './support/http.js';
import { HAS_REDIS, RedisProcess } from './support/redis-process.js';
import { ServerProcess } from './support/server-process.js';

describe('jobs that wait', () => {
  let server: ServerProcess;
  const api = (path: string) => `${server.url}/api/v1${path}`;

  beforeAll(async () => {
    server = await ServerProcess.start({ MAX_PENDING_JOBS: '3' });
    await send(api('/jobs'));
  }, 120_000);

  afterAll(() => server.stop());

  it('are refused beyond MAX_PENDING_JOBS with 429 and a time to come back, batches as a whole', async () => {
    const later = { text: 'later', delay: 600 };
    for (const expected of [202, 202])
      expect((await postJson(api('/embed/async'), later)).status).toBe(expected);
    const items = [{ text: 'a' }, { text: 'b' }];
    const batch = await postJson(api('/batches'), { task: 'embed', items });
    expect([batch.status, batch.body.error]).toEqual([429, 'OVERLOADED']);
    expect((await postJson(api('/embed/async'), later)).status).toBe(202);
    const refused = await postJson(api('/embed/async'), later);
    expect([refused.status, refused.body.error]).toEqual([429, 'OVERLOADED']);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(refused.body.message).toBe(
      '3 embed jobs wait already, of 3 that may (MAX_PENDING_JOBS). Try again later.',
    );
    expect((await send(api('/jobs'))).body.jobs).toHaveLength(3);
    expect((await postJson(api('/embed'), { text: 'at once' })).status).toBe(200);
  });
});

(HAS_REDIS ? describe : describe.skip)('jobs in a Redis without room', () => {
  let redis: RedisProcess;
  let server: ServerProcess;
  const api = (path: string) => `${server.url}/api/v1${path}`;

  beforeAll(async () => {
    redis = await RedisProcess.start();
    server = await ServerProcess.start({ REDIS_URL: redis.url, RATE_LIMIT_PREDICT: 'off' });
    await send(api('/jobs'));
  }, 120_000);

  afterAll(async () => {
    await server.stop();
    await redis.stop();
  });

  it('are refused with 507 STORAGE_FULL, and taken when there is room again', async () => {
    const admin = new Redis(redis.url);
    await admin.config('SET', 'maxmemory', '1mb');
    const refused = await postJson(api('/embed/async'), { text: 'no room' });
    expect([refused.status, refused.body.error]).toEqual([507, 'STORAGE_FULL']);
    await admin.config('SET', 'maxmemory', '0');
    admin.disconnect();
    expect((await postJson(api('/embed/async'), { text: 'room' })).status).toBe(202);
  });
});
