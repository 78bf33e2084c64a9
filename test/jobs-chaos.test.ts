import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FreshBackend, freshBackend, freshDirectory } from './support/fresh-backend.js';
import { postJson, send } from './support/http.js';
import { JOB_BACKENDS } from './support/job-backends.js';
import { seedQueue } from './support/queue-seed.js';
import { ROOT } from './support/root.js';
import { ServerProcess } from './support/server-process.js';
import { WebhookReceiver } from './support/webhook-receiver.js';
import { WorkerProcess } from './support/worker-process.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const MODEL = 'minilm-l6-v2';
const JOBS = 16;
const KILLS = 2;

/** Work that takes some tenths of a second. */
const TEXTS = Array.from({ length: 24 }, (_, index) => `${'one of many words, '.repeat(12)}${String(index)}`);

/** A small version of `bench/jobs-chaos.mjs`, which kills more often and interrupts Redis. */
describe.each(JOB_BACKENDS)('jobs whose workers are killed, on %s', (name) => {
  const directory = freshDirectory();
  let backend: FreshBackend;
  let receiver: WebhookReceiver;
  let server: ServerProcess;
  let worker: WorkerProcess | null = null;

  beforeAll(async () => {
    backend = await freshBackend(name);
    receiver = await WebhookReceiver.start(SECRET);
    // Only the model that is needed: a start is soon over.
    cpSync(join(ROOT, 'models', MODEL), join(directory.directory, 'models', MODEL), { recursive: true });
    await seedQueue(join(directory.directory, 'data'));
    server = await startServer();
    if (name !== 'embedded') worker = await startWorker();
  }, 60_000);

  afterAll(async () => {
    await worker?.stop('SIGKILL');
    await server.stop();
    await receiver.stop();
    await backend.remove();
    directory.remove();
  });

  const common = () => ({
    ...backend.environment,
    MODEL_PATH: join(directory.directory, 'models'),
    ALLOWED_WEBHOOK_HOSTS: receiver.address,
    WEBHOOK_SECRET: SECRET,
    JOB_CONCURRENCY: '2',
  });
  const startWorker = () => WorkerProcess.start(common());
  const startServer = () =>
    ServerProcess.start({
      ...common(),
      DATA_DIR: join(directory.directory, 'data'),
      ROLE: name === 'embedded' ? 'all' : 'api',
    });

  /** Kills the process that runs jobs, and starts it again. */
  async function kill(): Promise<void> {
    if (worker !== null) {
      await worker.stop('SIGKILL');
      worker = await startWorker();
      return;
    }
    server.signal('SIGKILL');
    await server.exited;
    server = await startServer();
  }

  it('are all completed, each stored once and announced under one id', async () => {
    const ids: string[] = [];
    for (let n = 0; n < JOBS; n++) {
      const { status, body } = await postJson(`${server.url}/api/v1/embed/async`, {
        text: [`job ${String(n)}`, ...TEXTS],
        webhook: { url: receiver.url() },
      });
      expect(status).toBe(202);
      ids.push(body.job_id as string);
    }
    for (let n = 1; n <= KILLS; n++) {
      const before = receiver.received.length;
      await receiver.until(({ length }) => length > before);
      await kill();
    }
    for (const id of ids) {
      const { body } = await send(`${server.url}/api/v1/jobs/${id}?wait=60`);
      const { embeddings } = body.result as { embeddings: unknown[] };
      expect([id, body.status, embeddings.length]).toEqual([id, 'completed', TEXTS.length + 1]);
    }
    const told = () => new Set(receiver.received.map(({ event }) => event.data.job_id));
    await receiver.until(() => told().size === JOBS);
    expect([...told()].sort()).toEqual([...ids].sort());
    // Possibly several times, but always as the same event.
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(JOBS);
    expect(receiver.refused).toEqual([]);
    const { body } = await send(`${server.url}/api/v1/jobs?limit=100`);
    expect((body.jobs as { job_id: string }[]).map(({ job_id: id }) => id)).toEqual([...ids].reverse());
  }, 150_000);
});
