import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as QueueModule from '@aerie/queue';
import type { EmbeddedDatabase, JobHead, JobRepository, JobStore, NewJob, VersionedHead } from '@aerie/queue';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type FreshBackend, freshBackend, freshDirectory } from './support/fresh-backend.js';
import { JOB_BACKENDS, uniqueKey } from './support/job-backends.js';
import { type JobSample, deliveryFor, newBatch, newJob } from './support/job-samples.js';
import { seedQueue } from './support/queue-seed.js';
import { ROOT } from './support/root.js';

// Built: the embedded database runs on a thread of its own, which loads what Node can.
const queueModule = (await import(
  pathToFileURL(join(ROOT, 'libs/queue/dist/index.js')).href
)) as typeof QueueModule;
const { newId, claim, completed, cancelAsked, progressed, attemptFailed } = queueModule;

type HeadChange = Parameters<JobStore['change']>[0][number];

const SERVED = { model: 'm', version: '1' };
const FAR = Number.MAX_SAFE_INTEGER;
const none = () => undefined;
const logger = { debug: none, info: none, warn: none, error: none };

/** The behavior that every job store must have. */
describe.each(JOB_BACKENDS)('the store of jobs on %s', (name) => {
  let fresh: FreshBackend;
  let directory: ReturnType<typeof freshDirectory>;
  let database: EmbeddedDatabase | null = null;
  let queue: JobRepository;
  let store: JobStore;

  beforeAll(async () => {
    fresh = await freshBackend(name);
    directory = freshDirectory();
    const backend = queueModule.queueBackendOf({
      databaseUrl: fresh.environment.DATABASE_URL ?? null,
      redisUrl: fresh.environment.REDIS_URL ?? null,
      dataDir: directory.directory,
    });
    expect(backend.kind).toBe(name);
    if (backend.kind === 'embedded') {
      await seedQueue(backend.dataDir);
      database = new queueModule.EmbeddedDatabase(backend.dataDir);
      await database.claim();
      await database.open();
    }
    const connection = queueModule.openConnection(backend, logger);
    const queues = [queueModule.queueNameOf('embed'), queueModule.WEBHOOK_QUEUE].map(
      (name) => new queueModule.LazyQueue(name, { connection, logger }),
    );
    queue = new queueModule.JobRepository({ connection, queues, logger, retentionMs: FAR / 2 });
    await queue.connection.prepare();
    store = queue.store;
  }, 60_000);

  afterAll(async () => {
    queue.close();
    await queue.connection.close();
    await database?.close();
    directory.remove();
    await fresh.remove();
  });

  beforeEach(async () => {
    for (const head of await store.list({ status: null, after: null, limit: 2_000 })) {
      const found = await read(head.id);
      if (found.head.finishedAt === null) {
        await change({
          previous: found,
          next: { ...head, status: 'canceled', finishedAt: 1 },
          removeAt: 1,
        });
      }
    }
    await store.sweep(2, 0, 10_000);
    expect(await store.list({ status: null, after: null, limit: 1 })).toEqual([]);
  });

  async function insert(...samples: readonly JobSample[]): Promise<NewJob[]> {
    const jobs = samples.map((sample) => newJob(newId(), sample));
    expect(await store.insert(jobs)).toEqual(jobs.map(() => null));
    return jobs;
  }

  async function insertOne(sample: JobSample = {}): Promise<JobHead> {
    const [job] = await insert(sample);
    if (job === undefined) throw new Error('One job was stored.');
    return job.head;
  }

  async function read(id: string): Promise<VersionedHead> {
    const [found] = await store.heads([id]);
    if (found === null || found === undefined) throw new Error(`There is no job ${id}.`);
    return found;
  }

  /** Makes one change, without the consequences that are left out. Returns whether it was made. */
  async function change(
    change: Pick<HeadChange, 'previous' | 'next'> & Partial<HeadChange>,
  ): Promise<boolean | undefined> {
    return (await store.change([{ result: null, removeAt: null, delivery: null, ...change }]))[0];
  }

  async function start(id: string): Promise<VersionedHead> {
    const previous = await read(id);
    const step = claim(previous.head, 'run', Date.now(), 5);
    if (step.kind !== 'run') throw new Error(`expected a run, got ${step.kind}`);
    expect(await change({ previous, next: step.next })).toBe(true);
    return read(id);
  }

  async function finish(id: string, removeAt: number): Promise<void> {
    const previous = await start(id);
    const next = completed(previous.head, SERVED, Date.now());
    if (next === null) throw new Error('It was finished already.');
    expect(await change({ previous, next, result: '{}', removeAt })).toBe(true);
  }

  it('can be opened by several processes at once, and again', async () => {
    await Promise.all([store.open(), store.open(), store.open()]);
    await store.ping();
  });

  it('returns the stored jobs in the requested order, and null for unknown ids', async () => {
    const input = JSON.stringify({ text: 'ünï 🎯 \u0000 "quoted"\n', big: 'x'.repeat(300_000) });
    const [first, second] = await insert({ input, priority: 7 }, { input: '[]' });
    const ids = [second?.head.id ?? '', newId(), first?.head.id ?? ''];
    expect(await store.records(ids)).toEqual([
      { head: second?.head, version: 1, input: '[]', result: null },
      null,
      { head: first?.head, version: 1, input, result: null },
    ]);
    expect((await store.heads(ids)).map((found) => found?.head.priority)).toEqual([0, undefined, 7]);
  });

  it('treats a repeated insert as the same one', async () => {
    const job = newJob(newId(), { key: uniqueKey() });
    expect([await store.insert([job]), await store.insert([job])]).toEqual([[null], [null]]);
    expect(await store.list({ status: null, after: null, limit: 10 })).toEqual([job.head]);
  });

  it.each([
    ['200 calls at once', (jobs: readonly NewJob[]) => Promise.all(jobs.map((job) => store.insert([job])))],
    [
      'one call with 200',
      async (jobs: readonly NewJob[]) => (await store.insert(jobs)).map((taken) => [taken]),
    ],
  ])('stores one job per idempotency key: %s', async (_, insertAll) => {
    const key = uniqueKey();
    const jobs = Array.from({ length: 200 }, () => newJob(newId(), { key }));
    const taken = (await insertAll(jobs)).map(([head]) => head);
    expect(taken.filter((head) => head === null)).toHaveLength(1);
    const winner = jobs[taken.indexOf(null)]?.head;
    for (const head of taken) expect(head ?? winner).toEqual(winner);
    expect(await store.list({ status: null, after: null, limit: 10 })).toEqual([winner]);
  });

  it('frees a key when its job is removed', async () => {
    const key = uniqueKey();
    const { id } = await insertOne({ key });
    await finish(id, 10);
    expect((await store.insert([newJob(newId(), { key })]))[0]?.id).toBe(id);
    expect((await store.withKey(key))?.id).toBe(id);
    expect(await store.sweep(10, FAR, 10)).toBe(1);
    expect(await store.withKey(key)).toBeNull();
    expect(await store.insert([newJob(newId(), { key })])).toEqual([null]);
  });

  it('changes a job only at the named version, and once', async () => {
    const { id } = await insertOne();
    const previous = await read(id);
    const changes = Array.from({ length: 50 }, (_, index) => ({
      previous,
      next: { ...previous.head, stickyKey: String(index) },
      result: String(index),
    }));
    const made = await Promise.all(changes.map(change));
    expect(made.filter(Boolean)).toHaveLength(1);
    const [record] = await store.records([id]);
    const winner = String(made.indexOf(true));
    expect(record).toMatchObject({ version: 2, head: { stickyKey: winner }, result: winner });
    const gone = newJob(newId()).head;
    expect(await change({ previous: { head: gone, version: 1 }, next: gone })).toBe(false);
  });

  it('never lets a job leave a final state, and keeps its result', async () => {
    const { id } = await insertOne();
    const running = await start(id);
    const ends = [
      ...Array.from({ length: 20 }, () => completed(running.head, SERVED, 1)),
      ...Array.from({ length: 20 }, () => queueModule.canceled(running.head, 1)),
    ];
    const made = await Promise.all(
      ends.map(async (next, index) => {
        if (next === null) return false;
        const result = next.status === 'completed' ? { result: String(index) } : {};
        return change({ previous: running, next, removeAt: FAR, ...result });
      }),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
    const [ended] = await store.records([id]);
    const winner = made.indexOf(true);
    expect(ended?.head).toEqual(ends[winner]);
    expect(ended?.result).toBe(winner < 20 ? String(winner) : null);
    expect(await queue.update(id, (head) => cancelAsked(head, 2))).toBeNull();
    expect(await queue.update(id, (head) => completed(head, SERVED, 2), 'another')).toBeNull();
    expect(await store.records([id])).toEqual([ended]);
  });

  it('numbers events without gaps or duplicates under concurrent changes', async () => {
    const { id } = await insertOne();
    await start(id);
    await Promise.all(
      Array.from({ length: 20 }, () =>
        queue.update(id, (head) => progressed(head, 'run', head.progress + 0.01, Date.now())),
      ),
    );
    const { head, version } = await read(id);
    expect([version, head.event?.sequence]).toEqual([22, 21]);
  });

  it('announces changed jobs', async () => {
    const { id } = await insertOne();
    let changed: (id: string) => void = () => undefined;
    let listening: () => void = () => undefined;
    const heard = new Promise<string>((resolve) => (changed = resolve));
    const subscribed = new Promise<void>((resolve) => (listening = resolve));
    const stop = queue.connection.subscribe({
      onChanged: (ids) => {
        if (ids.includes(id)) changed(id);
      },
      onResync: listening,
    });
    await subscribed;
    await start(id);
    expect(await heard).toBe(id);
    stop();
  });

  it('lists page by page, newest first, each job once despite concurrent changes', async () => {
    const jobs = await insert(...Array.from({ length: 25 }, () => ({})));
    const newest = jobs.map(({ head }) => head.id).reverse();
    const listed: string[] = [];
    let after: string | null = null;
    for (;;) {
      const page: JobHead[] = await store.list({ status: null, after, limit: 10 });
      if (page.length === 0) break;
      listed.push(...page.map(({ id }) => id));
      after = page.at(-1)?.id ?? null;
      await insertOne();
      await start(listed[0] ?? '').catch(() => undefined);
    }
    expect(listed).toEqual(newest);
  });

  it('lists only the jobs that are in a state now', async () => {
    const [a, b, c] = (await insert({}, {}, {})).map(({ head }) => head.id);
    await start(b ?? '');
    await finish(c ?? '', FAR);
    const listed = (status: JobHead['status']) =>
      store.list({ status, after: null, limit: 10 }).then((heads) => heads.map(({ id }) => id));
    expect([await listed('pending'), await listed('processing'), await listed('completed')]).toEqual([
      [a],
      [b],
      [c],
    ]);
    expect(await store.list({ status: 'pending', after: a ?? '', limit: 10 })).toEqual([]);
    const running = await read(b ?? '');
    const { AerieError } = await import('@aerie/contracts');
    const back = attemptFailed(running.head, new AerieError('OVERLOADED', 'busy'), 1);
    if (back !== null) await change({ previous: running, next: back });
    expect(await listed('pending')).toEqual([b, a]);
  });

  it('counts waiting jobs of the same task before a job', async () => {
    const createdAt = Date.now() - 1_000;
    const [a, , c] = await insert({ createdAt }, { task: 'predict' }, {});
    const ahead = () => store.countAhead('embed', c?.head.id ?? '');
    expect([await ahead(), await store.backlog('embed')]).toEqual([
      1,
      { pending: 2, oldestPendingAt: createdAt },
    ]);
    await finish(a?.head.id ?? '', FAR);
    await start(c?.head.id ?? '');
    expect([await ahead(), await store.backlog('embed')]).toEqual([0, { pending: 0, oldestPendingAt: null }]);
  });

  it('finds expired waiting jobs, earliest first, up to the limit', async () => {
    const [late, later, , begun] = await insert({ expiresAt: 50 }, { expiresAt: 60 }, {}, { expiresAt: FAR });
    await start(begun?.head.id ?? '');
    expect(await store.expired(49, 10)).toEqual([]);
    expect(await store.expired(60, 10)).toEqual([late?.head.id, later?.head.id]);
    expect(await store.expired(60, 1)).toEqual([late?.head.id]);
    expect(await store.expired(FAR, 10)).toHaveLength(2);
  });

  it('finds unfinished jobs that are in no queue', async () => {
    const [lost, queued, finished, running] = (await insert({}, {}, {}, {})).map(({ head }) => head);
    if (queued === undefined || finished === undefined || running === undefined)
      throw new Error('Four were stored.');
    await queue.enqueue(queued);
    await finish(finished.id, FAR);
    await start(running.id);
    const orphans = (before: number, limit: number) => store.orphans('embed', before, limit);
    expect([...(await orphans(Date.now() + 10_000, 10))].sort()).toEqual([lost?.id, running.id]);
    expect(await orphans(Date.now() + 10_000, 1)).toHaveLength(1);
    expect(await orphans(Date.now() - 60_000, 10)).toEqual([]);
    expect(await store.orphans('predict', Date.now() + 10_000, 10)).toEqual([]);
    await queue.unqueue(queued);
    expect(await orphans(Date.now() + 10_000, 10)).toContain(queued.id);
  });

  it('finds all jobs that are in no queue, even if there are many', async () => {
    const jobs = await insert(...Array.from({ length: 1_100 }, () => ({})));
    const found = await store.orphans('embed', Date.now() + 10_000, 2_000);
    expect([...found].sort()).toEqual(jobs.map(({ head }) => head.id).sort());
  });

  it('counts and orders the jobs of a batch', async () => {
    const batch = newBatch(newId(), 12);
    await store.insertBatch(batch);
    const order = [5, 0, 11, 3, 8, 1, 10, 2, 9, 4, 7, 6];
    const jobs = await insert(...order.map((batchIndex) => ({ batchId: batch.id, batchIndex })));
    const byIndex = order.map((_, index) => jobs[order.indexOf(index)]?.head.id);
    expect(await store.batchJobs(batch.id, 0, 100)).toEqual(byIndex);
    expect(await store.batchJobs(batch.id, 4, 3)).toEqual(byIndex.slice(4, 7));
    expect(await store.batchJobs(batch.id, 12, 3)).toEqual([]);
    await start(byIndex[0] ?? '');
    await finish(byIndex[1] ?? '', FAR);
    await insertOne();
    const counts = { pending: 10, processing: 1, completed: 1, failed: 0, canceled: 0 };
    expect(await store.batchCounts(batch.id)).toEqual(counts);
    const asked = { ...batch, cancelRequested: true };
    await store.updateBatch(asked);
    await store.insertBatch(batch);
    expect(await store.batch(batch.id)).toEqual(asked);
    expect([await store.batch(newId()), (await store.batchCounts(newId())).pending]).toEqual([null, 0]);
  });

  it('stores a webhook together with its change, or neither', async () => {
    const { id } = await insertOne();
    const previous = await read(id);
    const running = await start(id);
    const delivery = deliveryFor(running.head);
    const stale = { previous, next: running.head, delivery };
    expect(await change(stale)).toBe(false);
    expect([await store.delivery(delivery.id), await store.deliveriesOf(id)]).toEqual([null, []]);
    expect(await change({ previous: running, next: running.head, delivery })).toBe(true);
    expect(await store.deliveriesOf(id)).toEqual([delivery]);
  });

  it('keeps the attempts of webhooks, in the order of their events', async () => {
    const { id } = await insertOne();
    let found = await start(id);
    for (let i = 1; i <= 11; i++) {
      const next = progressed(found.head, 'run', i / 20, i) ?? found.head;
      await change({ previous: found, next, delivery: deliveryFor(next) });
      found = await read(id);
    }
    const sequences = (await store.deliveriesOf(id)).map(({ event }) => event.sequence);
    expect(sequences).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const attempt = { at: 1, status: 302, error: 'a redirect', durationMs: 3 };
    const [first] = await store.deliveriesOf(id);
    if (first === undefined) throw new Error('Eleven were stored.');
    const tried = { ...first, attempts: [attempt], nextAttemptAt: 99 };
    await store.updateDelivery(tried);
    expect(await store.delivery(first.id)).toEqual(tried);
    expect(await store.orphanDeliveries(FAR, 100)).toHaveLength(11);
    expect(await store.orphanDeliveries(FAR, 4)).toHaveLength(4);
    expect(await store.orphanDeliveries(1, 100)).toEqual([]);
    await store.updateDelivery({ ...tried, status: 'delivered', nextAttemptAt: null });
    expect(await store.orphanDeliveries(FAR, 100)).not.toContain(first.id);
  });

  it('finds all webhooks that are in no queue, even if there are many', async () => {
    const jobs = await insert(...Array.from({ length: 1_100 }, () => ({})));
    const deliveries = jobs.map(({ head }) => deliveryFor(head));
    for (const [index, { head }] of jobs.entries()) {
      await change({ previous: { head, version: 1 }, next: head, delivery: deliveries[index] ?? null });
    }
    const held = deliveries[3]?.id ?? '';
    await queue.enqueueDelivery(held);
    const lost = deliveries.map(({ id }) => id).filter((id) => id !== held);
    expect([...(await store.orphanDeliveries(FAR, 2_000))].sort()).toEqual(lost.sort());
  });

  it('removes expired finished jobs with their webhooks, and no others', async () => {
    const [old, recent, waiting, running] = (await insert({}, {}, {}, {})).map(({ head }) => head.id);
    const begun = await start(old ?? '');
    const next = completed(begun.head, SERVED, 1);
    if (next === null) throw new Error('It was finished already.');
    await change({ previous: begun, next, result: '{}', removeAt: 100, delivery: deliveryFor(next) });
    await finish(recent ?? '', 200);
    await start(running ?? '');
    expect([await store.sweep(99, FAR, 10), await store.sweep(100, FAR, 10)]).toEqual([0, 1]);
    expect((await store.heads([old ?? '', recent ?? '']))[0]).toBeNull();
    expect([await store.deliveriesOf(old ?? ''), await store.orphanDeliveries(FAR, 10)]).toEqual([[], []]);
    expect(await store.sweep(FAR, FAR, 10)).toBe(1);
    const left = await store.list({ status: null, after: null, limit: 10 });
    expect(left.map(({ id }) => id)).toEqual([running, waiting]);
  });

  it('keeps the latest finished jobs up to the maximum, and removes at most the limit at a time', async () => {
    const ids = (await insert(...Array.from({ length: 8 }, () => ({})))).map(({ head }) => head.id);
    for (const [index, id] of ids.entries()) await finish(id, 1_000_000 + index * 10);
    expect([await store.sweep(0, 3, 2), await store.sweep(0, 3, 10), await store.sweep(0, 3, 10)]).toEqual([
      2, 3, 0,
    ]);
    const left = await store.list({ status: 'completed', after: null, limit: 10 });
    expect(left.map(({ id }) => id)).toEqual(ids.slice(5).reverse());
  });

  it('removes a batch with the last of its jobs', async () => {
    const batch = newBatch(newId(), 2);
    await store.insertBatch(batch);
    const [a, b] = (
      await insert({ batchId: batch.id, batchIndex: 0 }, { batchId: batch.id, batchIndex: 1 })
    ).map(({ head }) => head.id);
    const muchLater = Date.now() + 3_600_000;
    await finish(a ?? '', muchLater);
    await store.sweep(muchLater, FAR, 10);
    expect(await store.batch(batch.id)).toEqual(batch);
    expect((await store.batchCounts(batch.id)).completed).toBe(0);
    await finish(b ?? '', muchLater);
    await store.sweep(muchLater, FAR, 10);
    expect(await store.batch(batch.id)).toBeNull();
  });
});
