/**
 * The cost of the job store: runs jobs through libs/queue and through bare BullMQ with the same empty processor, over the
 * same connection, in turn, in one run. Then measures submissions at 100 a second on the embedded backend.
 *
 *   node bench/jobs.mjs [--backends embedded,redis,postgres] [--jobs 2000] [--rounds 3] [--concurrency 16]
 *
 * Redis: starts its own server with an append-only file. PostgreSQL: uses TEST_DATABASE_URL; skipped if that is not set.
 */
import 'reflect-metadata';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  EmbeddedDatabase,
  JobChanges,
  JobProcessor,
  JobProcessors,
  JobQueue,
  JobRepository,
  QueueModule,
  USUAL_FIELDS,
  WORKER_OPTIONS,
  WebhookProcessor,
  newId,
  openConnection,
  provideJobProcessors,
  queueNameOf,
} from '@aerie/queue';
import { Processor } from '@nestjs/bullmq';
import { NestFactory } from '@nestjs/core';
import { Queue, Worker } from 'bullmq';
import { latencySummary, spread } from './support/statistics.mjs';

const { values } = parseArgs({
  options: {
    backends: { type: 'string', default: 'embedded,redis,postgres' },
    jobs: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '16' },
  },
});
const jobs = Number(values.jobs);
const rounds = Number(values.rounds);
const concurrency = Number(values.concurrency);
/** Jobs that a caller submits at once, and concurrent calls. */
const GROUP = 50;
/** Jobs that warm up both sides first, because much of a short run is compilation. */
const WARM_UP_JOBS = 1_000;
const SUBMITS_PER_SECOND = 100;
const SUBMIT_SECONDS = 10;
const TASK = 'bench';
const LOCK_MS = 15_000;
const directory = mkdtempSync(join(tmpdir(), 'aerie-bench-jobs-'));
const log = (/** @type {object} */ fields, /** @type {string} */ message) => console.error(message, fields);
const logger = { debug: () => undefined, info: () => undefined, warn: log, error: log };

/** @returns {import('@aerie/queue').NewJob} */
function newJob() {
  const now = Date.now();
  return {
    head: {
      ...USUAL_FIELDS,
      id: newId(now),
      task: TASK,
      status: 'pending',
      maxAttempts: 3,
      createdAt: now,
      runAt: now,
    },
    input: '{"text":"The quick brown fox jumps over the lazy dog."}',
    idempotencyKey: null,
  };
}

/** Counts runs; `all` resolves with the last. @param {number} count */
function countdown(count) {
  let left = count;
  let done = () => {};
  const all = new Promise((resolve) => {
    done = () => resolve(undefined);
  });
  return {
    all,
    run: () => {
      if (--left === 0) done();
    },
  };
}

/** Submits in groups, two at a time, like a job batch. @param {number} count @param {(n: number) => Promise<unknown>} submit */
async function submitAll(count, submit) {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      const group = Math.min(GROUP, left);
      left -= group;
      await submit(group);
    }
  };
  await Promise.all([lane(), lane()]);
}

/** A server's queue and processor, assembled by Nest as in the server. @param {import('@aerie/queue').QueueBackendSettings} backend @param {() => void} run */
async function openServer(backend, run) {
  class BenchProcessor extends JobProcessor {
    run() {
      run();
      return Promise.resolve({ result: { ok: true }, model: 'none', version: '1' });
    }
  }
  Processor(queueNameOf(TASK), WORKER_OPTIONS)(BenchProcessor);
  const options = { backend, logger, retentionMs: 3_600_000, maxFinished: 1_000_000 };
  class BenchModule {}
  const app = await NestFactory.createApplicationContext(
    {
      module: BenchModule,
      imports: [QueueModule.forRootAsync([TASK], { useFactory: () => options })],
      providers: [
        {
          provide: BenchProcessor,
          inject: [JobRepository, JobChanges],
          useFactory: (/** @type {JobRepository} */ jobs, /** @type {JobChanges} */ changes) =>
            new BenchProcessor(TASK, { jobs, changes, concurrency, maxDeaths: 3 }),
        },
        {
          provide: WebhookProcessor,
          inject: [JobRepository],
          useFactory: (/** @type {JobRepository} */ jobs) =>
            new WebhookProcessor({ jobs, post: () => Promise.resolve({ status: 200 }), secret: null }),
        },
        provideJobProcessors([BenchProcessor]),
      ],
    },
    { logger: ['error'] },
  );
  app.get(JobProcessors).start();
  const queue = app.get(JobQueue);
  while (!(await queue.reachable(1_000))) await sleep(10);
  return { app, queue, jobs: app.get(JobRepository) };
}

/** Jobs per second from the first submission until the last job is done and stored. @param {import('@aerie/queue').QueueBackendSettings} backend @param {number} count */
async function throughStore(backend, count) {
  const { all, run } = countdown(count);
  const { app, jobs: store } = await openServer(backend, run);
  const began = performance.now();
  await submitAll(count, (n) => store.submit(Array.from({ length: n }, newJob)));
  await all;
  await app.get(JobProcessors).stop(10_000);
  const perSecond = (count / (performance.now() - began)) * 1000;
  await app.close();
  return perSecond;
}

/** The same without the store. @param {import('@aerie/queue').QueueBackendSettings} backend @param {number} count */
async function bare(backend, count) {
  const connection = openConnection(backend, logger);
  await connection.prepare();
  const { all, run } = countdown(count);
  const factory = /** @type {undefined} */ (connection.backendFactory);
  const queue = new Queue('bare', connection.queueOptions, factory);
  const work = () => {
    run();
    return Promise.resolve({ ok: true });
  };
  const options = { ...connection.workerOptions, concurrency, lockDuration: LOCK_MS };
  const worker = new Worker('bare', work, options, factory);
  worker.on('error', (error) => logger.warn({ err: error }, 'bare'));
  const opts = { removeOnComplete: true, removeOnFail: true, attempts: 3, priority: 101 };
  const began = performance.now();
  await submitAll(count, (n) =>
    queue.addBulk(Array.from({ length: n }, () => ({ name: 'run', data: newJob(), opts }))),
  );
  await all;
  await worker.close();
  const perSecond = (count / (performance.now() - began)) * 1000;
  await queue.close();
  await connection.close();
  return perSecond;
}

/** Submits one job at a time at a steady rate while jobs run. @param {import('@aerie/queue').QueueBackendSettings} backend */
async function submitLatency(backend) {
  const { app, queue } = await openServer(backend, () => undefined);
  /** @type {number[]} */
  const latencies = [];
  const began = performance.now();
  const pending = [];
  for (let at = 0; at < SUBMITS_PER_SECOND * SUBMIT_SECONDS; at++) {
    const due = began + (at * 1000) / SUBMITS_PER_SECOND;
    if (due > performance.now()) await sleep(due - performance.now());
    // Measured from its scheduled time, because callers also wait for a late start.
    pending.push(queue.submit([newJob()]).then(() => latencies.push(performance.now() - due)));
  }
  await Promise.all(pending);
  await app.get(JobProcessors).stop(10_000);
  await app.close();
  return latencySummary(latencies);
}

/** @type {Record<string, () => Promise<{ backend: import('@aerie/queue').QueueBackendSettings, stop: () => Promise<unknown> } | null>>} */
const BACKENDS = {
  embedded: async () => {
    const database = new EmbeddedDatabase(directory);
    await database.claim();
    await database.open();
    return { backend: { kind: 'embedded', dataDir: directory }, stop: () => database.close() };
  },
  redis: async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
    await new Promise((resolve) => probe.close(resolve));
    const args = [
      '--port',
      String(port),
      '--appendonly',
      'yes',
      '--auto-aof-rewrite-percentage',
      '0',
      '--save',
      '',
      '--dir',
      directory,
    ];
    const server = spawn('redis-server', args, { stdio: 'ignore' });
    const stop = () => {
      server.kill('SIGKILL');
      return once(server, 'exit');
    };
    const failed = once(server, 'error').then(() => true);
    if (await Promise.race([failed, sleep(500).then(() => false)])) return null;
    return { backend: { kind: 'redis', url: `redis://127.0.0.1:${port}` }, stop };
  },
  postgres: async () => {
    const url = process.env.TEST_DATABASE_URL;
    return url ? { backend: { kind: 'postgres', url }, stop: () => Promise.resolve() } : null;
  },
};

const whole = (/** @type {number} */ n) => String(Math.round(n));
try {
  for (const name of values.backends.split(',')) {
    const opened = await BACKENDS[name]?.();
    if (!opened) {
      console.log(`${name}: skipped, not available`);
      continue;
    }
    const contestants = { store: throughStore, bare };
    /** @type {Record<'store' | 'bare', number[]>} */
    const perSecond = { store: [], bare: [] };
    for (let round = -1; round < rounds; round++) {
      /** @type {('store' | 'bare')[]} */
      const order = round % 2 === 0 ? ['store', 'bare'] : ['bare', 'store'];
      for (const who of order) {
        const measured = await contestants[who](opened.backend, round < 0 ? WARM_UP_JOBS : jobs);
        if (round < 0) continue;
        perSecond[who].push(measured);
        console.log(`round ${round + 1}: ${name}: ${who}: ${whole(measured)}/s`);
      }
    }
    const ratio = spread(perSecond.store.map((value, round) => value / perSecond.bare[round]));
    console.log(
      `${name}: libs/queue ${whole(spread(perSecond.store).median)}/s, bare BullMQ ${whole(spread(perSecond.bare).median)}/s, ` +
        `ratio ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`,
    );
    if (name === 'embedded') {
      const { p50Ms, p99Ms, maxMs } = await submitLatency(opened.backend);
      console.log(
        `${name}: submit at ${SUBMITS_PER_SECOND}/s: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms`,
      );
    }
    await opened.stop();
  }
  console.log(
    `${availableParallelism()} cores of ${cpus()[0]?.model}, Node ${process.version}; ${rounds} rounds of ${jobs} jobs.`,
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
// Handles that bare BullMQ leaves open must not keep the process alive.
process.exit(0);
