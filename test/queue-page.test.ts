import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FreshBackend, freshBackend } from './support/fresh-backend.js';
import { postJson, send } from './support/http.js';
import { JOB_BACKENDS } from './support/job-backends.js';
import { ServerProcess } from './support/server-process.js';

const PASSWORD = 'look: at the queues, ünicode';
const CREDENTIAL = basic('admin', PASSWORD);

function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

describe.each(JOB_BACKENDS)('the queue page on %s', (name) => {
  let backend: FreshBackend;
  let server: ServerProcess;
  const page = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    send(`${server.url}/queues${path}`, { headers, method });

  beforeAll(async () => {
    backend = await freshBackend(name);
    server = await ServerProcess.start({
      ...backend.environment,
      KEEP_ALIVE: '120',
      API_KEYS: 'a-key-of-the-api',
      QUEUE_PAGE_PASSWORD: PASSWORD,
    });
    await send(`${server.url}/api/v1/jobs`, { headers: { 'x-api-key': 'a-key-of-the-api' } });
  }, 120_000);

  afterAll(async () => {
    await server.stop();
    await backend.remove();
  });

  it('asks for its own credential and accepts no API key', async () => {
    const wrong = [
      {},
      basic('admin', 'wrong'),
      basic('root', PASSWORD),
      { authorization: `Basic ${PASSWORD}` },
      { 'x-api-key': 'a-key-of-the-api' },
      { authorization: 'Bearer a-key-of-the-api' },
    ];
    for (const headers of wrong) {
      for (const path of ['', '/', '/api/queues', '/static/favicon.ico']) {
        const { status, body, headers: answered } = await page(path, headers);
        expect([path, status, body.error]).toEqual([path, 401, 'UNAUTHORIZED']);
        expect(answered.get('www-authenticate')).toMatch(/^Basic realm="queues"/);
      }
    }
  });

  it("loads the page and its assets from this server, with every page's content security policy", async () => {
    const shown = await page('', CREDENTIAL);
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(shown.headers.get('content-security-policy')).toMatch(/script-src 'self'/);
    expect(shown.headers.get('x-powered-by')).toBeNull();
    expect(shown.text).toContain('<base href="/queues/"');
    const scripts = [...shown.text.matchAll(/<script[^>]* src="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(scripts).not.toHaveLength(0);
    for (const path of scripts)
      expect([path, (await page(`/${path}`, CREDENTIAL)).status]).toEqual([path, 200]);
    expect((await page('/queue/aerie-embed', CREDENTIAL)).text).toContain('<base href="/queues/"');
  });

  it('shows the queues with their jobs, and is read-only', async () => {
    const submitted = await postJson(
      `${server.url}/api/v1/embed/async`,
      { text: 'shown', delay: 600 },
      { 'x-api-key': 'a-key-of-the-api' },
    );
    const id = submitted.body.job_id as string;
    const { status, body } = await page(
      '/api/queues?activeQueue=aerie-embed&status=delayed&page=1',
      CREDENTIAL,
    );
    expect(status).toBe(200);
    const queues = body.queues as { name: string; readOnlyMode: boolean; jobs: { id: string }[] }[];
    expect(queues.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['aerie-predict', 'aerie-embed', 'aerie-webhooks']),
    );
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
    const jobs = queues.find(({ name }) => name === 'aerie-embed')?.jobs ?? [];
    expect(jobs.map((job) => job.id)).toContain(id);
    expect((await page(`/api/queues/aerie-embed/${id}`, CREDENTIAL)).status).toBe(200);
    expect((await page('/api/redis/stats', CREDENTIAL)).status).toBe(200);
    for (const [method, path] of [
      ['PUT', '/api/queues/aerie-embed/pause'],
      ['PUT', `/api/queues/aerie-embed/${id}/clean`],
      ['PUT', '/api/queues/pause'],
    ] as const) {
      expect([path, (await page(path, CREDENTIAL, method)).status]).toEqual([path, 404]);
    }
    const canceled = await send(`${server.url}/api/v1/jobs/${id}`, {
      method: 'DELETE',
      headers: { 'x-api-key': 'a-key-of-the-api' },
    });
    expect(canceled.body.status).toBe('canceled');
  });
});

describe('a caller that guesses passwords of the queue page', () => {
  it('is refused after ten wrong ones, even with the right one', async () => {
    const server = await ServerProcess.start({ QUEUE_PAGE_PASSWORD: PASSWORD });
    const page = (headers: Record<string, string>) => send(`${server.url}/queues`, { headers });
    const statuses: number[] = [];
    for (let n = 0; n < 10; n++) {
      statuses.push((await page({})).status, (await page(basic('admin', `wrong ${String(n)}`))).status);
    }
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 401));
    for (const headers of [basic('admin', 'another'), CREDENTIAL]) {
      const refused = await page(headers);
      expect([refused.status, refused.body.error]).toEqual([429, 'RATE_LIMITED']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await page({})).status).toBe(401);
    await server.stop();
  }, 60_000);
});

describe('without QUEUE_PAGE_PASSWORD', () => {
  it('the queue page does not exist', async () => {
    const server = await ServerProcess.start();
    for (const path of ['/queues', '/queues/api/queues']) {
      const { status, body } = await send(`${server.url}${path}`, { headers: CREDENTIAL });
      expect([path, status, body.error]).toEqual([path, 404, 'NOT_FOUND']);
    }
    await server.stop();
  }, 60_000);
});
