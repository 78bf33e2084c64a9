/**
 * Jobs under kills: submits jobs with webhooks while the worker (embedded: the whole server) is killed by SIGKILL again
 * and again, or while Redis is away. At the end every job must be completed and every webhook have come, verified, under
 * one id.
 *
 *   node bench/jobs-chaos.mjs --backend embedded|redis|postgres [--jobs 1000] [--kills 20] [--outage stop|kill]
 *
 * Redis: starts one of its own, with its append-only file. PostgreSQL: TEST_DATABASE_URL. `--outage` takes Redis away for
 * 30 s instead of killing workers: `stop` by SIGSTOP, `kill` by SIGKILL and a new start.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Webhook } from 'standardwebhooks';

const ROOT = path.resolve(import.meta.dirname, '..');
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OUTAGE_MS = 30_000;
const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'embedded' },
    jobs: { type: 'string', default: '1000' },
    kills: { type: 'string', default: '20' },
    outage: { type: 'string' },
  },
});
const jobs = Number(values.jobs);
const kills = values.outage === undefined ? Number(values.kills) : 0;
const directory = mkdtempSync(path.join(tmpdir(), 'aerie-chaos-'));
const children = new Set();
const port = await freePort();
const url = `http://127.0.0.1:${port}/api/v1`;

/** A port that nobody has: the server keeps it over its restarts. */
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: free } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

function start(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: directory,
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, ...env },
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Kills a process with all it started. */
async function kill(child) {
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
  if (gone === null) throw new Error('A process ended by itself. Run it by hand to see why.');
  process.kill(-child.pid, 'SIGKILL');
  await gone;
}

const receiver = { ids: new Map(), bad: 0 };
const webhook = new Webhook(SECRET);
const hooks = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    try {
      const event = webhook.verify(Buffer.concat(chunks).toString(), request.headers);
      const id = event.data.job_id;
      receiver.ids.set(id, (receiver.ids.get(id) ?? new Set()).add(request.headers['webhook-id']));
      response.writeHead(204).end();
    } catch {
      receiver.bad++;
      response.writeHead(400).end();
    }
  });
});
await new Promise((resolve) => hooks.listen(0, '127.0.0.1', resolve));
const hook = `127.0.0.1:${hooks.address().port}`;

const startRedis = () =>
  start('redis-server', ['--port', '16390', '--appendonly', 'yes', '--save', '', '--dir', directory]);
let redis = null;
const environment = {
  HOST: '127.0.0.1',
  PORT: String(port),
  WORKER_PORT: '0',
  MODEL_PATH: path.join(ROOT, 'models'),
  DATA_DIR: path.join(directory, 'data'),
  LOG_LEVEL: 'warn',
  ALLOWED_WEBHOOK_HOSTS: hook,
  WEBHOOK_SECRET: SECRET,
};
if (values.backend === 'redis') {
  redis = startRedis();
  environment.REDIS_URL = 'redis://127.0.0.1:16390';
  await sleep(500);
}
if (values.backend === 'postgres') {
  if (!process.env.TEST_DATABASE_URL) throw new Error('TEST_DATABASE_URL names the database to test on.');
  environment.DATABASE_URL = process.env.TEST_DATABASE_URL;
}
const embedded = values.backend === 'embedded';
const startServer = () =>
  start(process.execPath, [path.join(ROOT, 'apps/api/dist/main.js')], {
    ...environment,
    ROLE: embedded ? 'all' : 'api',
  });
const startWorker = () => start(process.execPath, [path.join(ROOT, 'apps/worker/dist/main.js')], environment);
let server = startServer();
let worker = embedded ? null : startWorker();

async function call(method, to, body, key) {
  for (;;) {
    try {
      const response = await fetch(url + to, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
      });
      const reply = await response.json();
      if (response.status < 500 && response.status !== 429) return reply;
    } catch {
      // The server is being killed.
    }
    await sleep(250);
  }
}

const run = Math.random().toString(36).slice(2);
const ids = [];
await call('GET', '/jobs?limit=1');
const startedAt = performance.now();
const submitting = (async () => {
  // About as fast as they are run, so that kills hit all stages.
  for (let next = 0; next < jobs;) {
    const group = Array.from({ length: Math.min(10, jobs - next) }, (_, i) => next + i);
    next += group.length;
    const replies = await Promise.all(
      group.map((i) =>
        call(
          'POST',
          '/embed/async',
          { text: [`job ${i}`, 'of many'], webhook: { url: `http://${hook}/` } },
          `${run}-${i}`,
        ),
      ),
    );
    for (const { job_id: id } of replies) ids.push(id);
    await sleep(400);
  }
})();

for (let n = 0; n < kills; n++) {
  // Each is killed at work, not while it starts.
  if (embedded) await call('GET', '/jobs?limit=1');
  await sleep((embedded ? 1_000 : 5_000) + 3_000 * Math.random());
  if (embedded) {
    await kill(server);
    server = startServer();
  } else {
    await kill(worker);
    worker = startWorker();
  }
  process.stderr.write(`kill ${n + 1} of ${kills}, ${ids.length} submitted, ${receiver.ids.size} webhooks\n`);
}
if (values.outage !== undefined) {
  await sleep(5_000);
  if (values.outage === 'stop') {
    process.kill(redis.pid, 'SIGSTOP');
    await sleep(OUTAGE_MS);
    process.kill(redis.pid, 'SIGCONT');
  } else {
    await kill(redis);
    await sleep(OUTAGE_MS);
    startRedis();
  }
  process.stderr.write(`Redis is back, ${ids.length} submitted\n`);
}
await submitting;

const states = {};
let deaths = 0;
for (const id of ids) {
  let job;
  do job = await call('GET', `/jobs/${id}?wait=5`);
  while (job.status === 'pending' || job.status === 'processing');
  states[job.status] = (states[job.status] ?? 0) + 1;
  if (job.attempts > 1) deaths++;
  if (job.status === 'completed' && job.result?.embeddings?.length !== 2)
    states.wrong = (states.wrong ?? 0) + 1;
}
const deadline = performance.now() + 60_000;
while (receiver.ids.size < ids.length && performance.now() < deadline) await sleep(200);
const twoIds = [...receiver.ids.values()].filter((set) => set.size > 1).length;
const report = {
  backend: values.backend,
  outage: values.outage ?? null,
  jobs: ids.length,
  distinct: new Set(ids).size,
  states,
  run_more_than_once: deaths,
  webhooks: receiver.ids.size,
  webhooks_under_two_ids: twoIds,
  webhooks_not_verified: receiver.bad,
  seconds: Math.round((performance.now() - startedAt) / 1000),
};
console.log(JSON.stringify(report));
for (const child of children) await kill(child);
hooks.close();
rmSync(directory, { recursive: true, force: true });
const right =
  states.completed === jobs &&
  report.distinct === jobs &&
  receiver.ids.size === jobs &&
  twoIds + receiver.bad === 0;
process.exit(right ? 0 : 1);
