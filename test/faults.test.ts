import { afterEach, describe, expect, it } from '@jest/globals';
import { postJson, send, upload, type Reply } from './support/http.js';
import { sample } from './support/image-host.js';
import { ServerProcess } from './support/server-process.js';

const MODEL = { model: 'efficientnet-lite0', version: '2' };

describe('a broken replica', () => {
  let server: ServerProcess | undefined;

  afterEach(async () => {
    await server?.stop();
  });

  async function start(environment: Record<string, string> = {}): Promise<string> {
    server = await ServerProcess.start({
      FAULT_INJECTION: 'true',
      REPLICA_STALL_TIMEOUT: '1',
      ...environment,
    });
    return server.url;
  }

  /** Several clients send images in a loop until `done` returns true. Returns all replies. */
  async function underLoad(url: string, fault: () => Promise<unknown>): Promise<Reply[]> {
    const replies: Reply[] = [];
    let going = true;
    const clients = Array.from({ length: 8 }, async () => {
      while (going) replies.push(await upload(`${url}/api/v1/predict`, sample('cat.jpg')));
    });
    const answered = async (count: number) => {
      const target = replies.length + count;
      while (replies.length < target) replies.push(await upload(`${url}/api/v1/predict`, sample('cat.jpg')));
    };
    await answered(10);
    await fault();
    await answered(60);
    going = false;
    await Promise.all(clients);
    return replies;
  }

  it.each(['die', 'hang'])('that has to %s loses at most its own batch, and is replaced', async (kind) => {
    const url = await start();
    const replies = await underLoad(url, () => postJson(`${url}/api/v1/faults`, { ...MODEL, kind }));
    const failed = replies.filter(({ status }) => status !== 200);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThanOrEqual(8);
    for (const { status, body, headers } of failed) {
      expect(status).toBe(503);
      expect(body.error).toBe('WORKER_LOST');
      expect(headers.get('retry-after')).toBe('1');
    }
    expect((await upload(`${url}/api/v1/predict`, sample('cat.jpg'))).status).toBe(200);
    const { body } = await send(`${url}/api/v1/models/${MODEL.model}`);
    const replicas =
      (body.versions as { version: string; replicas: { restarts: number }[] }[])[1]?.replicas ?? [];
    expect(replicas.reduce((sum, { restarts }) => sum + restarts, 0)).toBe(1);
  });

  it('that throws fails its batch with 500 and continues', async () => {
    const url = await start();
    await postJson(`${url}/api/v1/faults`, { ...MODEL, kind: 'throw' });
    const failed = await upload(`${url}/api/v1/predict`, sample('cat.jpg'));
    expect(failed.status).toBe(500);
    expect(failed.body.error).toBe('INTERNAL');
    expect(failed.text).not.toMatch(/\.js|\.ts|node_modules/);
    expect((await upload(`${url}/api/v1/predict`, sample('cat.jpg'))).status).toBe(200);
  });

  it('that crashes the process causes no outage, because the process is replaced on the same port', async () => {
    const url = await start();
    await postJson(`${url}/api/v1/faults`, { ...MODEL, kind: 'crash' });
    const ready = server?.log.filter(({ msg }) => msg === 'ready').length ?? 0;
    await expect(upload(`${url}/api/v1/predict`, sample('cat.jpg'))).rejects.toThrow();
    let seen = 0;
    await server?.waitForLog(({ msg }) => msg === 'ready' && ++seen > ready);
    expect((await upload(`${url}/api/v1/predict`, sample('cat.jpg'))).status).toBe(200);
  });

  it('cannot be requested without FAULT_INJECTION', async () => {
    server = await ServerProcess.start();
    expect((await postJson(`${server.url}/api/v1/faults`, { ...MODEL, kind: 'die' })).status).toBe(404);
  });
});
