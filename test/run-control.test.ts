import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Reply, send, upload } from './support/http.js';
import { sample } from './support/image-host.js';
import { ServerProcess } from './support/server-process.js';
import { writeSlowImageModel } from './support/slow-model.js';

const CLOCK_TICK_MS = 10;
/** Makes a run of two or three seconds on a common core. */
const PRODUCTS = 8_000;

const SETTINGS = { REPLICAS: '1', INTRA_OP_THREADS: '1' };

const readyPid = ({ log }: ServerProcess): number => log.find(({ msg }) => msg === 'ready')?.pid ?? 0;

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a run whose result nobody waits for any more', () => {
  let repository: string;
  let server: ServerProcess;
  let url: string;
  let pid: number;
  let wholeMs: number;

  beforeAll(async () => {
    repository = mkdtempSync(join(tmpdir(), 'aerie-slow-'));
    writeSlowImageModel(repository, 'slow', PRODUCTS);
    server = await ServerProcess.start({ ...SETTINGS, MODEL_PATH: repository });
    [url, pid] = [server.url, readyPid(server)];
    const startedAt = cpuMs();
    expect((await predict()).status).toBe(200);
    wholeMs = cpuMs() - startedAt;
  }, 120_000);

  afterAll(async () => {
    await server.stop();
    rmSync(repository, { recursive: true, force: true });
  });

  /** CPU time of the server's process, threads included. */
  function cpuMs(): number {
    const fields =
      readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
        .split(') ')[1]
        ?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
  }

  const predict = (): Promise<Reply> => upload(`${url}/api/v1/predict`, sample('cat.jpg'));

  function predictUntil(signal: AbortSignal): Promise<unknown> {
    const form = new FormData();
    form.set('image', new Blob([new Uint8Array(sample('cat.jpg'))]), 'cat.jpg');
    return fetch(`${url}/api/v1/predict`, { method: 'POST', body: form, signal }).catch(
      (error: unknown) => error,
    );
  }

  async function untilReplica(state: 'busy' | 'idle'): Promise<void> {
    for (;;) {
      const { body } = await send(`${url}/api/v1/models/slow`);
      const replicas = (body.versions as { replicas: { state: string; restarts: number }[] }[])[0]?.replicas;
      if (replicas?.[0]?.state !== state) continue;
      expect(replicas[0].restarts).toBe(0);
      return;
    }
  }

  /** Starts work, ends it while the model runs, and returns the CPU time until the replica is free. */
  async function costOf(start: () => Promise<unknown>, end: () => unknown): Promise<number> {
    const startedAt = cpuMs();
    const work = start();
    await untilReplica('busy');
    await end();
    await untilReplica('idle');
    const cost = cpuMs() - startedAt;
    await work;
    return cost;
  }

  it('ends when its only client leaves', async () => {
    const client = new AbortController();
    const cost = await costOf(
      () => predictUntil(client.signal),
      () => {
        client.abort();
      },
    );
    expect(cost).toBeLessThan(wholeMs / 2);
    expect((await predict()).status).toBe(200);
  }, 60_000);

  it('ends when its job is canceled', async () => {
    let jobId = '';
    const cost = await costOf(
      async () => {
        const { body } = await upload(`${url}/api/v1/predict/async`, sample('cat.jpg'));
        jobId = body.job_id as string;
      },
      () => send(`${url}/api/v1/jobs/${jobId}`, { method: 'DELETE' }),
    );
    expect(cost).toBeLessThan(wholeMs / 2);
    expect((await send(`${url}/api/v1/jobs/${jobId}?wait=30`)).body.status).toBe('canceled');
  }, 60_000);

  it('goes on while another client of its batch waits', async () => {
    const client = new AbortController();
    const first = predict();
    await untilReplica('busy');
    const leaves = predictUntil(client.signal);
    const waits = predict();
    // The next batch holds both.
    expect((await first).status).toBe(200);
    await untilReplica('busy');
    client.abort();
    await leaves;
    expect((await waits).status).toBe(200);
  }, 60_000);

  it('ends at its deadline', async () => {
    const impatient = await ServerProcess.start({
      ...SETTINGS,
      MODEL_PATH: repository,
      REQUEST_TIMEOUT: '0.3',
    });
    try {
      [url, pid] = [impatient.url, readyPid(impatient)];
      let reply: Reply | undefined;
      const cost = await costOf(
        async () => {
          reply = await predict();
        },
        () => undefined,
      );
      expect(reply).toMatchObject({ status: 504, body: { error: 'TIMEOUT' } });
      expect(cost).toBeLessThan(wholeMs / 2);
    } finally {
      await impatient.stop();
    }
  }, 60_000);
});
