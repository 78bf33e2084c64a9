import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type FreshBackend, freshBackend } from './support/fresh-backend.js';
import { dataUrl, postJson, send } from './support/http.js';
import { JOB_BACKENDS } from './support/job-backends.js';
import { exchange, head } from './support/raw-http.js';
import { HAS_REDIS, RedisProcess } from './support/redis-process.js';
import { ServerProcess } from './support/server-process.js';
import { SseClient } from './support/sse-client.js';
import { WorkerProcess } from './support/worker-process.js';

/** Seconds of work for one replica, in groups of 16 texts. */
const LONG = Array.from(
  { length: 200 },
  (_, index) => `${'a text of some length, '.repeat(30)}${String(index)}`,
);

/** Longer work in small groups. A drain waits for the running group. */
const MANY = Array.from({ length: 4_000 }, (_, index) => `${'a shorter text, '.repeat(6)}${String(index)}`);

/** Backends that processes can share. Redis only if a separate one can be started, because the tests freeze it. */
const BACKENDS = JOB_BACKENDS.filter((name) => (name === 'redis' ? HAS_REDIS : name !== 'embedded'));

// Without a shared backend there is nothing to test, but Jest refuses an empty table.
(BACKENDS.length === 0 ? describe.skip : describe).each(BACKENDS.length === 0 ? ['no backend'] : BACKENDS)(
  'worker processes on %s',
  (name) => {
    let redis: RedisProcess | null = null;
    let backend: FreshBackend;
    let server: ServerProcess;
    const workers: WorkerProcess[] = [];
    const api = (path: string) => `${server.url}/api/v1${path}`;
    const jobOf = async (id: string, wait = 0) => (await send(api(`/jobs/${id}?wait=${String(wait)}`))).body;

    const startWorker = async (environment: Record<string, string> = {}) => {
      const worker = await WorkerProcess.start({
        ...backend.environment,
        JOB_CONCURRENCY: '1',
        ...environment,
      });
      workers.push(worker);
      return worker;
    };

    const submit = async (body: object) => {
      const reply = await postJson(api('/embed/async'), body);
      expect([reply.status, reply.text]).toEqual([202, expect.any(String)]);
      return reply.body.job_id as string;
    };

    /** Waits for an event of a job with a sequence above `after`, and returns its data. */
    const eventOf = async (id: string, type: string, after = 0) => {
      const reading = new AbortController();
      const stream = await SseClient.get(api(`/jobs/${id}/events`), reading.signal);
      try {
        for (;;) {
          const message = await stream.next();
          if (message === null) throw new Error(`The job ended without ${type}.`);
          const event = JSON.parse(message.data) as { sequence: number; timestamp: string };
          if (message.event === type && event.sequence > after) return event;
        }
      } finally {
        reading.abort();
      }
    };

    beforeAll(async () => {
      if (name === 'redis') redis = await RedisProcess.start();
      backend =
        redis === null
          ? await freshBackend('postgres')
          : { environment: { REDIS_URL: redis.url }, remove: () => Promise.resolve() };
      server = await ServerProcess.start({
        ...backend.environment,
        ROLE: 'api',
        KEEP_ALIVE: '120',
        MAX_EMBED_TEXTS: '4000',
      });
      await send(api('/jobs'));
    }, 120_000);

    afterEach(async () => {
      await Promise.all(workers.splice(0).map((worker) => worker.stop('SIGKILL')));
    });

    afterAll(async () => {
      await server.stop();
      await backend.remove();
      await redis?.stop();
    });

    it('canceling a running job frees its place within a second', async () => {
      await startWorker();
      const long = await submit({ text: LONG });
      const next = await submit({ text: 'next' });
      await eventOf(long, 'job.processing');
      const askedAt = Date.now();
      const asked = await send(api(`/jobs/${long}`), { method: 'DELETE' });
      expect([asked.status, asked.body.status]).toEqual([202, 'processing']);
      expect(await jobOf(next, 30)).toMatchObject({ status: 'completed' });
      const [canceled, after] = [await jobOf(long), await jobOf(next)];
      expect(canceled).toMatchObject({ status: 'canceled', result: null });
      expect(Date.parse(canceled.finished_at as string) - askedAt).toBeLessThan(1_000);
      expect(Date.parse(after.started_at as string) - askedAt).toBeLessThan(1_000);
    });

    it('hands unfinished jobs back on SIGTERM, and another worker takes them at once', async () => {
      const first = await startWorker({ DRAIN_TIMEOUT: '10' });
      const id = await submit({ text: MANY });
      const taken = await eventOf(id, 'job.processing');
      expect(await first.stop('SIGTERM')).toBe(0);
      expect(await jobOf(id)).toMatchObject({ status: 'pending', attempts: 1 });
      await startWorker();
      const workingAt = Date.now();
      const again = await eventOf(id, 'job.processing', taken.sequence);
      // A lock that had to expire would take more than 15 s.
      expect(Date.parse(again.timestamp) - workingAt).toBeLessThan(5_000);
      await send(api(`/jobs/${id}`), { method: 'DELETE' });
      expect(await jobOf(id, 30)).toMatchObject({ status: 'canceled', attempts: 2 });
    }, 120_000);

    it('finishes running jobs on SIGTERM if there is time', async () => {
      const worker = await startWorker({ DRAIN_TIMEOUT: '60' });
      const id = await submit({ text: MANY.slice(0, 64) });
      await eventOf(id, 'job.processing');
      expect(await worker.stop('SIGTERM')).toBe(0);
      const { status, error, attempts } = await jobOf(id);
      expect([status, error, attempts]).toEqual(['completed', undefined, 1]);
    }, 120_000);

    it('hands a job of a dead worker to another within 35 s, and fails a job that kills its workers', async () => {
      let worker = await startWorker();
      const id = await submit({ text: LONG });
      const first = await eventOf(id, 'job.processing');
      await worker.stop('SIGKILL');
      const killedAt = Date.now();
      worker = await startWorker({ MAX_WORKER_DEATHS: '2' });
      const second = await eventOf(id, 'job.processing', first.sequence);
      expect(Date.parse(second.timestamp) - killedAt).toBeLessThan(35_000);
      await worker.stop('SIGKILL');
      await startWorker({ MAX_WORKER_DEATHS: '2' });
      const lost = await jobOf(id, 60);
      expect(lost).toMatchObject({ status: 'failed', result: null, error: { code: 'WORKER_LOST' } });
    }, 150_000);

    it('serves its health and metrics on its own port', async () => {
      const worker = await startWorker();
      const done = await submit({ text: 'done' });
      await jobOf(done, 30);
      const [long, waiting] = [await submit({ text: LONG }), await submit({ text: 'waiting' })];
      await eventOf(long, 'job.processing');
      const health = await send(`${worker.url}/health`);
      expect([health.status, health.body]).toMatchObject([
        200,
        { status: 'healthy', queue: 'up', draining: false },
      ]);
      expect(health.body.tasks).toContainEqual({
        task: 'embed',
        running: 1,
        pending: 1,
        oldest_waiting_ms: expect.any(Number),
        last_completion_at: expect.stringMatching(/^\d{4}-/),
      });
      expect((await send(`${worker.url}/health/live`)).body).toEqual({ status: 'alive' });
      expect((await send(`${worker.url}/health/ready`)).body).toEqual({ status: 'ready' });
      const metrics = (await send(`${worker.url}/metrics`)).text;
      expect(metrics).toContain('process_cpu_');
      expect(metrics).toContain('aerie_jobs_running{task="embed"} 1\n');
      expect(metrics).toContain('aerie_jobs_pending{task="embed"} 1\n');
      expect(metrics).toMatch(/aerie_jobs_last_completion_timestamp_seconds\{task="embed"\} 1/);
      expect(health.body.details).toMatchObject({
        models: { status: 'up' },
        queue: { status: 'up', backend: name },
        memory: { rss_mb: expect.any(Number) },
      });
      for (const id of [waiting, long]) await send(api(`/jobs/${id}`), { method: 'DELETE' });
    });

    it('treats requests to that port as the server does', async () => {
      const worker = await startWorker();
      const missing = await send(`${worker.url}/nothing`, { headers: { 'x-request-id': 'abc-123' } });
      expect([missing.status, missing.body]).toEqual([
        404,
        {
          error: 'NOT_FOUND',
          message: 'No route GET /nothing. See /health.',
          path: '/nothing',
          requestId: 'abc-123',
        },
      ]);
      expect(missing.headers.get('x-request-id')).toBe('abc-123');
      expect(missing.headers.get('x-content-type-options')).toBe('nosniff');
      const posted = await send(`${worker.url}/health`, { method: 'POST' });
      expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
      // A page that has pointed its own name at 127.0.0.1.
      for (const path of ['/health', '/metrics', '/nothing']) {
        const request = head(`GET ${path} HTTP/1.1`, 'Host: rebind.example', 'Connection: close');
        const [refused] = await exchange(worker.url, request);
        expect([refused?.status, refused?.body.error]).toEqual([403, 'FORBIDDEN']);
      }
    });

    (name === 'redis' ? it : it.skip)(
      'refuses submissions within a second while Redis is unreachable, still predicts, and recovers',
      async () => {
        const worker = await startWorker();
        const accepted = await submit({ text: 'accepted before', delay: 1 });
        redis?.freeze();
        const askedAt = performance.now();
        const refused = await postJson(api('/embed/async'), { text: 'lost' });
        expect(performance.now() - askedAt).toBeLessThan(1_000);
        expect([refused.status, refused.body.error]).toEqual([503, 'QUEUE_UNAVAILABLE']);
        expect(refused.headers.get('retry-after')).toBe('1');
        const asked = await send(api(`/jobs/${accepted}`));
        expect([asked.status, asked.body.error]).toEqual([503, 'QUEUE_UNAVAILABLE']);
        expect((await postJson(api('/predict'), { image_url: dataUrl('cat.jpg') })).status).toBe(200);
        const health = await send(`${server.url}/health`);
        expect([health.status, health.body.status]).toEqual([200, 'degraded']);
        expect((await send(`${server.url}/health/ready`)).status).toBe(200);
        expect((await send(`${worker.url}/health`)).body.status).toBe('degraded');
        expect((await send(`${worker.url}/health/ready`)).status).toBe(503);
        const seen = server.log.length;
        redis?.thaw();
        const thawedAt = performance.now();
        await server.waitForLog(
          (line) => line.msg === 'the queue can be reached' && server.log.indexOf(line) >= seen,
        );
        expect(performance.now() - thawedAt).toBeLessThan(5_000);
        const later = await submit({ text: 'after' });
        expect(await jobOf(later, 30)).toMatchObject({ status: 'completed' });
        expect(await jobOf(accepted, 30)).toMatchObject({ status: 'completed' });
        expect((await send(`${server.url}/health`)).body.status).toBe('healthy');
      },
      90_000,
    );
  },
);

describe('a worker without a shared backend', () => {
  it('does not start, and names the remedy', async () => {
    const { code, output } = await WorkerProcess.runToExit({});
    expect(code).toBe(78);
    expect(output).toMatch(/Set REDIS_URL or DATABASE_URL/);
  });
});
