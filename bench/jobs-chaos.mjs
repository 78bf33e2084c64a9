/**
 * Submits jobs with webhooks while the worker (embedded: the whole server) is repeatedly killed by SIGKILL, or while Redis
 * is unreachable. At the end, every submitted job must be completed with its own result (or failed with WORKER_LOST, if
 * MAX_WORKER_DEATHS workers died while running it), and its webhook must have arrived under one id and with a signature
 * that the reference library accepts.
 *
 *   node bench/jobs-chaos.mjs --backend embedded|redis|postgres [--jobs 1000] [--kills 20] [--outage stop|kill]
 *
 * Redis: starts its own server with an append-only file. PostgreSQL: creates a database where TEST_DATABASE_URL points to.
 * `--outage` makes Redis unreachable for 30 s instead of killing workers: `stop` by SIGSTOP, `kill` by SIGKILL and a restart.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Webhook } from 'standardwebhooks';

const ROOT = path.resolve(import.meta.dirname, '..');
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OUTAGE_MS = 30_000;
/** The default of MAX_WORKER_DEATHS. */
const MAX_WORKER_DEATHS = 5;
const GROUP = 10;
/** Pause between groups while Redis is unreachable. */
const GROUP_PAUSE_MS = 400;
/** Webhooks that must arrive after a kill, which shows that the worker runs again, before the next kill. */
const WEBHOOKS_BETWEEN_KILLS = 10;
const KILL_JITTER_MS = 1_500;
const LONGEST_WAIT_MS = 180_000;
const MODEL = 'minilm-l6-v2';
/** Work that takes some tenths of a second, so that kills interrupt it. */
const TEXTS = Array.from({ length: 8 }, (_, i) => `${'one of many words, '.repeat(12)}${i}`);
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
const redisPort = await freePort();
const database = `aerie_chaos_${process.pid}`;

/** A free port, which the server keeps across restarts. */
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: free } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

async function sql(statement) {
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  await client.connect();
  await client.query(statement).finally(() => client.end());
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

/** Kills a process and all its children. */
async function kill(child) {
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
  if (gone === null) throw new Error('A process exited unexpectedly. Run it by hand to see why.');
  process.kill(-child.pid, 'SIGKILL');
  await gone;
}

/** `slowestMs`: from a job's end to the first receipt of its webhook. */
const receiver = { ids: new Map(), bad: 0, slowestMs: 0 };
const webhook = new Webhook(SECRET);
const hooks = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    try {
      const event = webhook.verify(Buffer.concat(chunks).toString(), request.headers);
      const id = event.data.job_id;
      if (!receiver.ids.has(id)) {
        receiver.slowestMs = Math.max(receiver.slowestMs, Date.now() - Date.parse(event.data.finished_at));
      }
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
  start('redis-server', [
    '--port',
    String(redisPort),
    '--appendonly',
    'yes',
    '--save',
    '',
    '--dir',
    directory,
  ]);
// Only the model that the jobs need, so that a start is quick.
cpSync(path.join(ROOT, 'models', MODEL), path.join(directory, 'models', MODEL), { recursive: true });
let redis = null;
const environment = {
  HOST: '127.0.0.1',
  PORT: String(port),
  WORKER_PORT: '0',
  MODEL_PATH: path.join(directory, 'models'),
  DATA_DIR: path.join(directory, 'data'),
  LOG_LEVEL: 'warn',
  ALLOWED_WEBHOOK_HOSTS: hook,
  WEBHOOK_SECRET: SECRET,
};
if (values.backend === 'redis') {
  redis = startRedis();
  environment.REDIS_URL = `redis://127.0.0.1:${redisPort}`;
  await sleep(500);
}
if (values.backend === 'postgres') {
  if (!process.env.TEST_DATABASE_URL) throw new Error('TEST_DATABASE_URL names the database to test on.');
  await sql(`CREATE DATABASE ${database}`);
  const own = new URL(process.env.TEST_DATABASE_URL);
  own.pathname = `/${database}`;
  environment.DATABASE_URL = own.href;
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
let killed = 0;
/** Resolves when `done` is true; it is checked whenever the receiver's count changes. */
async function until(done, what) {
  const deadline = performance.now() + LONGEST_WAIT_MS;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`Waited too long: ${what}.`);
    await sleep(50);
  }
}

const submitting = (async () => {
  for (let next = 0; next < jobs; next += GROUP) {
    // Spread over the kills, so that each hits running work.
    if (kills > 0) await until(() => next / jobs <= (killed + 1) / kills, 'the kills do not continue');
    const group = Array.from({ length: Math.min(GROUP, jobs - next) }, (_, i) => next + i);
    const replies = await Promise.all(
      group.map((i) =>
        call(
          'POST',
          '/embed/async',
          { text: [`job ${i}`, ...TEXTS], webhook: { url: `http://${hook}/` } },
          `${run}-${i}`,
        ),
      ),
    );
    for (const { job_id: id } of replies) ids.push(id);
    if (kills === 0) await sleep(GROUP_PAUSE_MS);
  }
})();

while (killed < kills) {
  const enough = receiver.ids.size + Math.min(WEBHOOKS_BETWEEN_KILLS, Math.floor(jobs / kills));
  await until(() => receiver.ids.size >= enough, 'no webhook arrives');
  await sleep(KILL_JITTER_MS * Math.random());
  if (embedded) {
    await kill(server);
    server = startServer();
  } else {
    await kill(worker);
    worker = startWorker();
  }
  killed++;
  process.stderr.write(
    `kill ${killed} of ${kills}, ${ids.length} submitted, ${receiver.ids.size} webhooks\n`,
  );
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
let again = 0;
let wrong = 0;
/** Jobs that rightly failed. */
let lost = 0;
for (const [index, id] of ids.entries()) {
  let job;
  do job = await call('GET', `/jobs/${id}?wait=5`);
  while (job.status === 'pending' || job.status === 'processing');
  states[job.status] = (states[job.status] ?? 0) + 1;
  if (job.attempts > 1) again++;
  if (job.status === 'failed' && job.error.code === 'WORKER_LOST' && job.attempts >= MAX_WORKER_DEATHS)
    lost++;
  else if (job.status !== 'completed' || job.result?.embeddings?.length !== TEXTS.length + 1) wrong++;
  if (index === 0) process.stderr.write('all submitted; checking each job\n');
}
let stored = 0;
for (let cursor = ''; cursor !== null;) {
  const page = await call('GET', `/jobs?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
  stored += page.jobs.length;
  cursor = page.next_cursor;
}
await until(() => receiver.ids.size >= ids.length, 'webhooks are missing').catch(() => undefined);
const twoIds = [...receiver.ids.values()].filter((set) => set.size > 1).length;
const report = {
  backend: values.backend,
  outage: values.outage ?? null,
  kills: killed,
  jobs: ids.length,
  distinct: new Set(ids).size,
  stored,
  states,
  given_up: lost,
  wrong,
  run_more_than_once: again,
  webhooks: receiver.ids.size,
  webhooks_under_two_ids: twoIds,
  webhooks_not_verified: receiver.bad,
  slowest_webhook_s: Number((receiver.slowestMs / 1000).toFixed(1)),
  seconds: Math.round((performance.now() - startedAt) / 1000),
};
for (const child of children) await kill(child);
hooks.close();
rmSync(directory, { recursive: true, force: true });
if (values.backend === 'postgres') await sql(`DROP DATABASE ${database} WITH (FORCE)`);
const right =
  wrong + twoIds + receiver.bad === 0 &&
  (states.completed ?? 0) + lost === jobs &&
  report.distinct === jobs &&
  stored === jobs &&
  receiver.ids.size === jobs;
console.log(JSON.stringify({ ...report, verdict: right ? 'right' : 'WRONG' }));
process.exit(right ? 0 : 1);
