import { Agent, request } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { postJson, send, upload } from './support/http.js';
import { sample } from './support/image-host.js';
import { HAS_REDIS, RedisProcess } from './support/redis-process.js';
import { ServerProcess } from './support/server-process.js';

describe('the rate limit', () => {
  let server: ServerProcess | undefined;

  afterEach(async () => {
    await server?.stop();
  });

  it('allows 10 predictions a minute by default, and reports this in headers', async () => {
    server = await ServerProcess.start({ RATE_LIMIT_PREDICT: '' });
    const url = `${server.url}/api/v1/predict`;
    const first = await upload(url, sample('cat.jpg'));
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-limit')).toBe('10');
    expect(first.headers.get('ratelimit-remaining')).toBe('9');
    const others = await Promise.all(Array.from({ length: 9 }, () => upload(url, sample('cat.jpg'))));
    expect(others.map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 200));
    const refused = await upload(url, sample('cat.jpg'));
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({ error: 'RATE_LIMITED', path: '/api/v1/predict' });
    expect(refused.headers.get('ratelimit-remaining')).toBe('0');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    // Other routes are not counted.
    expect((await send(`${server.url}/api/v1/models`)).status).toBe(200);
  });

  it('is counted across processes', async () => {
    server = await ServerProcess.start({ RATE_LIMIT_PREDICT: '6/minute', WORKERS: '2' });
    const url = `${server.url}/api/v1/predict`;
    // Each request uses a new connection, so that both processes get some.
    const init = () => ({
      method: 'POST',
      headers: { connection: 'close', 'content-type': 'application/json' },
      body: '{}',
    });
    const replies = [];
    for (let i = 0; i < 12; i++) replies.push(await send(url, init()));
    expect(replies.filter(({ status }) => status === 422)).toHaveLength(6);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(6);
    const pids = new Set(server.log.filter(({ msg }) => msg === 'request').map(({ pid }) => pid));
    expect(pids.size).toBe(2);
  });

  it('is counted by each process while the supervisor does not respond', async () => {
    server = await ServerProcess.start({ RATE_LIMIT_PREDICT: '3/minute', WORKERS: '2' });
    const url = `${server.url}/api/v1/predict`;
    // On one connection, because the supervisor, which hands out connections, is stopped.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await statusOf(url, agent)).toBe(422);
    process.kill(server.pid, 'SIGSTOP');
    try {
      const statuses = [];
      for (let i = 0; i < 4; i++) statuses.push(await statusOf(url, agent));
      expect(statuses).toEqual([422, 422, 422, 429]);
    } finally {
      process.kill(server.pid, 'SIGCONT');
      agent.destroy();
    }
    const away = await server.waitForLog(({ msg }) => msg.includes('while the supervisor does not respond'));
    expect(away.level).toBe('warn');
  });
});

/** The status of an empty request. */
function statusOf(url: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'POST', headers: { 'content-type': 'application/json' } });
    sent.once('error', reject).once('response', (response) => {
      response.resume().once('end', () => {
        resolve(response.statusCode);
      });
    });
    sent.end('{}');
  });
}

describe('the items of a job batch', () => {
  it.each(['one process', 'two processes', ...(HAS_REDIS ? ['Redis'] : [])])(
    'count only if the batch is accepted, with %s',
    async (place) => {
      const redis = place === 'Redis' ? await RedisProcess.start() : null;
      const server = await ServerProcess.start({
        RATE_LIMIT_PREDICT: '5/minute',
        WORKERS: place === 'two processes' ? '2' : '1',
        ...(redis === null ? {} : { REDIS_URL: redis.url }),
      });
      try {
        const post = async (path: string, body: object) => {
          const { status, headers } = await postJson(`${server.url}/api/v1${path}`, body);
          return [status, headers.get('ratelimit-remaining')];
        };
        const items = Array.from({ length: 3 }, () => ({ image_url: 'https://images.example/cat.jpg' }));
        expect(await post('/predict', {})).toEqual([422, '4']);
        expect(await post('/batches', { task: 'predict', model: 'none', items })).toEqual([404, '4']);
        expect(await post('/batches', { task: 'predict', items })).toEqual([202, '1']);
        expect(await post('/batches', { task: 'predict', items })).toEqual([429, '1']);
        expect(await post('/predict', {})).toEqual([422, '0']);
        expect(await post('/predict', {})).toEqual([429, '0']);
      } finally {
        await server.stop();
        await redis?.stop();
      }
    },
    60_000,
  );
});

describe('API keys', () => {
  let server: ServerProcess | undefined;

  afterEach(async () => {
    await server?.stop();
  });

  it('are required if set, except for health', async () => {
    server = await ServerProcess.start({ API_KEYS: 'first-key,second-key' });
    const url = `${server.url}/api/v1/models`;
    const without = await send(url);
    expect(without.status).toBe(401);
    expect(without.body.error).toBe('UNAUTHORIZED');
    expect((await send(url, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect((await send(url, { headers: { authorization: 'Bearer first-key' } })).status).toBe(200);
    expect((await send(url, { headers: { 'x-api-key': 'second-key' } })).status).toBe(200);
    expect((await send(`${server.url}/health`)).status).toBe(200);
    expect(JSON.stringify(server.log)).not.toContain('first-key');
  });
});
