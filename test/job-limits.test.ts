import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { postJson, send } from './support/http.js';
import { uniqueKey } from './support/job-backends.js';
import { HAS_REDIS, RedisProcess } from './support/redis-process.js';
import { ServerProcess } from './support/server-process.js';

describe('waiting jobs', () => {
  let server: ServerProcess;
  const api = (path: string) => `${server.url}/api/v1${path}`;

  beforeAll(async () => {
    server = await ServerProcess.start({ MAX_PENDING_JOBS: '3' });
    await send(api('/jobs'));
  }, 120_000);

  afterAll(() => server.stop());

  it('are refused beyond MAX_PENDING_JOBS with 429 and Retry-After, batches as a whole', async () => {
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
      '3 embed jobs are waiting, the limit is 3 (MAX_PENDING_JOBS). Try again later.',
    );
    expect((await send(api('/jobs'))).body.jobs).toHaveLength(3);
    expect((await postJson(api('/embed'), { text: 'at once' })).status).toBe(200);
  });

  it('are found by their idempotency key even if the limit is reached', async () => {
    const keyed = { 'Idempotency-Key': uniqueKey() };
    const first = await postJson(
      api('/predict/async'),
      { image_url: 'https://images.example/cat.jpg', delay: 600 },
      keyed,
    );
    expect(first.status).toBe(202);
    for (const expected of [202, 202, 429]) {
      const { status } = await postJson(api('/predict/async'), {
        image_url: 'https://images.example/cat.jpg',
        delay: 600,
      });
      expect(status).toBe(expected);
    }
    const again = await postJson(
      api('/predict/async'),
      { image_url: 'https://images.example/cat.jpg', delay: 600 },
      keyed,
    );
    expect([again.status, again.body.job_id]).toEqual([202, first.body.job_id]);
    const other = await postJson(
      api('/predict/async'),
      { image_url: 'https://images.example/cat.jpg', delay: 60 },
      keyed,
    );
    expect([other.status, other.body.error]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
  });
});

(HAS_REDIS ? describe : describe.skip)('jobs in a Redis', () => {
  let redis: RedisProcess;
  let server: ServerProcess;
  let admin: Redis;
  const api = (path: string) => `${server.url}/api/v1${path}`;

  beforeAll(async () => {
    redis = await RedisProcess.start();
    admin = new Redis(redis.url);
    server = await ServerProcess.start({
      REDIS_URL: redis.url,
      RATE_LIMIT_PREDICT: 'off',
      JOB_RETENTION: '1',
    });
    await send(api('/jobs'));
  }, 120_000);

  afterAll(async () => {
    await server.stop();
    admin.disconnect();
    await redis.stop();
  });

  it('without memory are refused with 507 STORAGE_FULL until old jobs are removed', async () => {
    const done = api(`/jobs/${String((await postJson(api('/embed/async'), { text: 'done' })).body.job_id)}`);
    expect((await send(`${done}?wait=20`)).body.status).toBe('completed');
    // The job ends meanwhile, which cannot be stored either.
    const late = await postJson(api('/embed/async'), { text: 'too late', delay: 600, ttl: 1 });
    expect(late.status).toBe(202);
    await admin.config('SET', 'maxmemory', '1mb');
    const refused = await postJson(api('/embed/async'), { text: 'no room' });
    expect([refused.status, refused.body.error]).toEqual([507, 'STORAGE_FULL']);
    let status = 200;
    while (status === 200) ({ status } = await send(done));
    expect(status).toBe(404);
    await admin.config('SET', 'maxmemory', '0');
    expect((await postJson(api('/embed/async'), { text: 'room' })).status).toBe(202);
  });

  it('that cannot write to its disk are refused with 507 STORAGE_FULL but can be read', async () => {
    const waiting = await postJson(api('/embed/async'), { text: 'later', delay: 600 });
    await admin.config('SET', 'save', '3600 1');
    redis.removeDirectory();
    await admin.bgsave();
    while (!(await admin.info('persistence')).includes('rdb_last_bgsave_status:err'));
    for (let i = 0; i < 2; i++) {
      const refused = await postJson(api('/embed/async'), { text: 'no disk' });
      expect([refused.status, refused.body.error]).toEqual([507, 'STORAGE_FULL']);
      expect((await send(api(`/jobs/${String(waiting.body.job_id)}`))).status).toBe(200);
    }
    await admin.config('SET', 'save', '');
    expect((await postJson(api('/embed/async'), { text: 'a disk' })).status).toBe(202);
  });
});
