import { FakeClock, MemoryLogger } from '@aerie/test-support';
import { describe, expect, it } from '@jest/globals';
import { answer, FakeReplicaThreads, READY_REPLICA } from '../testing/fake-replica-threads.js';
import { SharedSessions } from '../shared-sessions.js';
import { ThreadReplicaPool } from './thread-replica-pool.js';

const STALL_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 30_000;

function createPool(replicas: number) {
  const clock = new FakeClock();
  const threads = new FakeReplicaThreads();
  const logger = new MemoryLogger();
  const pool = new ThreadReplicaPool<string, string>({
    name: 'model@1',
    replicas,
    stallTimeoutMs: STALL_TIMEOUT_MS,
    startTimeoutMs: START_TIMEOUT_MS,
    faultsAllowed: false,
    logger,
    clock,
    spawn: threads.spawnReplica,
    control: null,
    sessions: new SharedSessions(null, String),
  });
  return { pool, clock, threads, logger };
}

async function openPool(replicas = 1) {
  const setup = createPool(replicas);
  const opening = setup.pool.open();
  setup.threads.at(0).becomeReady(READY_REPLICA);
  await opening;
  for (const thread of setup.threads.started.slice(1)) thread.becomeReady(READY_REPLICA);
  return setup;
}

const states = (pool: ThreadReplicaPool<string, string>) => pool.status().map(({ state }) => state);
const value = (result: string) => ({ results: [{ ok: true, value: result }] });

describe('opening a pool', () => {
  it('starts the other replicas when the first is up', async () => {
    const { pool, threads } = createPool(3);
    const capacities: number[] = [];
    pool.onCapacityChange((capacity) => capacities.push(capacity));
    const opening = pool.open();
    expect(threads.started).toHaveLength(1);
    threads.at(0).becomeReady(READY_REPLICA);
    await opening;
    expect(threads.replicas).toEqual([0, 1, 2]);
    expect(pool.capacity).toBe(1);
    expect(states(pool)).toEqual(['idle', 'starting', 'starting']);
    threads.at(2).becomeReady(READY_REPLICA);
    expect(pool.capacity).toBe(2);
    expect(capacities).toEqual([1, 2]);
    expect(pool.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['batch'] }]);
  });

  it('fails with MODEL_NOT_LOADED and the reason when the first replica does not load', async () => {
    const { pool, threads, clock } = createPool(2);
    const opening = pool.open();
    threads.at(0).failToStart(new Error('no such operator'));
    await expect(opening).rejects.toMatchObject({
      code: 'MODEL_NOT_LOADED',
      cause: { message: 'no such operator' },
    });
    expect(threads.started).toHaveLength(1);
    expect(clock.armed.length).toBe(0);
  });

  it('fails if the first replica is not ready in time, and abandons its thread', async () => {
    const { pool, threads, clock } = createPool(1);
    const opening = pool.open();
    clock.jump(START_TIMEOUT_MS);
    expect(threads.at(0).abandoned).toBe(true);
    threads.at(0).exit();
    await expect(opening).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED' });
  });

  it('keeps retrying a later replica that does not load, and works meanwhile', async () => {
    const { pool, threads, clock, logger } = createPool(2);
    const opening = pool.open();
    threads.at(0).becomeReady(READY_REPLICA);
    await opening;
    threads.at(1).failToStart(new Error('out of memory'));
    threads.at(2).failToStart(new Error('out of memory'));
    expect(logger.of('error')).toHaveLength(2);
    expect(states(pool)).toEqual(['idle', 'restarting']);
    clock.jump(100);
    threads.at(3).becomeReady(READY_REPLICA);
    expect(pool.capacity).toBe(2);
  });
});

describe('running batches', () => {
  it('prefers the replica that was used last', async () => {
    const { pool, threads } = await openPool(3);
    const first = pool.run(['a']);
    const second = pool.run(['b']);
    const [last, other] = threads.started.filter(({ posted }) => posted.length > 0);
    if (last === undefined || other === undefined) throw new Error('Two replicas were expected to be busy.');
    answer(last, 'x');
    await Promise.race([first, second]);
    void pool.run(['c']);
    expect(last.posted.map(({ items }) => items)).toContainEqual(['c']);
    answer(other, 'y');
    await Promise.all([first, second]);
  });

  it('accepts a batch only while a replica is idle', async () => {
    const { pool, threads, clock } = await openPool();
    const running = pool.run(['a']);
    expect(states(pool)).toEqual(['busy']);
    await expect(pool.run(['b'])).rejects.toThrow('No replica of "model@1" is idle. This is a bug.');
    answer(threads.at(0), 'done');
    expect(states(pool)).toEqual(['idle']);
    expect(clock.armed.length).toBe(0);
    await expect(running).resolves.toMatchObject(value('done'));
    void pool.run(['c']);
    expect(threads.at(0).posted.map(({ items }) => items)).toEqual([['a'], ['c']]);
  });

  it('has an idle replica for a batch that a listener starts when the capacity rises', async () => {
    const { pool, threads } = createPool(1);
    const outcomes: unknown[] = [];
    pool.onCapacityChange(() => outcomes.push(pool.run(['a'])));
    const opening = pool.open();
    threads.at(0).becomeReady(READY_REPLICA);
    await opening;
    answer(threads.at(0), 'done');
    await expect(Promise.all(outcomes)).resolves.toMatchObject([value('done')]);
  });

  it('has an idle replica for the batch that follows an ended one', async () => {
    const { pool, threads } = await openPool();
    const next = pool.run(['a']).then(() => pool.run(['b']));
    answer(threads.at(0), '1');
    await Promise.resolve();
    await Promise.resolve();
    answer(threads.at(0), '2');
    await expect(next).resolves.toMatchObject(value('2'));
  });
});

describe('losing replicas', () => {
  it('fails only the batch of a dead replica, and replaces the replica at once', async () => {
    const { pool, threads } = await openPool(2);
    const batches = [pool.run(['a']), pool.run(['b'])];
    const [lost, kept] = threads.at(0).posted[0]?.items[0] === 'a' ? batches : [batches[1], batches[0]];
    threads.at(0).die();
    await expect(lost).rejects.toMatchObject({ code: 'WORKER_LOST', retryable: true });
    expect(pool.capacity).toBe(1);
    answer(threads.at(1), 'fine');
    await expect(kept).resolves.toMatchObject(value('fine'));
    expect(pool.status()[0]).toMatchObject({ state: 'restarting', restarts: 1 });
    threads.at(2).becomeReady(READY_REPLICA);
    expect(pool.capacity).toBe(2);
  });

  it('takes an idle replica that died out of service', async () => {
    const { pool, threads } = await openPool(2);
    threads.at(1).die();
    void pool.run(['a']);
    expect(threads.at(0).posted).toHaveLength(1);
    expect(threads.at(1).posted).toHaveLength(0);
  });

  it('waits increasingly long before it replaces a replica that keeps dying', async () => {
    const { threads, clock } = await openPool();
    threads.at(0).die();
    await threads.at(0).exited;
    for (const [position, delayMs] of [100, 200, 400].entries()) {
      const thread = threads.at(position + 1);
      thread.becomeReady(READY_REPLICA);
      thread.die();
      await thread.exited;
      clock.jump(delayMs - 1);
      expect(threads.started).toHaveLength(position + 2);
      clock.jump(1);
      expect(threads.started).toHaveLength(position + 3);
    }
  });

  it('lowers the capacity before the batch fails', async () => {
    const { pool, threads } = await openPool();
    const capacity = pool.run(['a']).catch(() => pool.capacity);
    threads.at(0).die();
    threads.at(1).becomeReady(READY_REPLICA);
    await expect(capacity).resolves.toBe(1);
    expect(states(pool)).toEqual(['idle']);
  });

  it('abandons a batch that takes too long, and replaces its thread without waiting for it', async () => {
    const { pool, threads, clock } = await openPool();
    const outcome = pool.run(['a']);
    clock.jump(STALL_TIMEOUT_MS - 1);
    expect(threads.at(0).abandoned).toBe(false);
    clock.jump(1);
    await expect(outcome).rejects.toMatchObject({ code: 'WORKER_LOST' });
    expect(threads.at(0).abandoned).toBe(true);
    expect(states(pool)).toEqual(['wedged']);
    expect(pool.capacity).toBe(0);
    threads.at(1).becomeReady(READY_REPLICA);
    expect(states(pool)).toEqual(['idle']);
  });

  it('stops replacing a replica when three of its threads are stuck, until one of them ends', async () => {
    const { pool, threads, clock } = await openPool();
    for (const position of [0, 1, 2]) {
      void pool.run(['a']).catch(() => undefined);
      clock.jump(STALL_TIMEOUT_MS);
      if (position < 2) threads.at(position + 1).becomeReady(READY_REPLICA);
    }
    expect(threads.started).toHaveLength(3);
    threads.at(1).exit();
    await threads.at(1).exited;
    await Promise.resolve();
    expect(threads.started).toHaveLength(4);
    threads.at(3).becomeReady(READY_REPLICA);
    expect(pool.capacity).toBe(1);
  });
});

describe('closing a pool', () => {
  it('waits for running batches, and refuses new ones', async () => {
    const { pool, threads, clock } = await openPool();
    const running = pool.run(['a']);
    const closing = pool.close();
    await expect(pool.run(['c'])).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED' });
    expect(threads.at(0).closeRequested).toBe(false);
    answer(threads.at(0), 'done');
    await expect(running).resolves.toMatchObject(value('done'));
    await closing;
    expect(threads.at(0).closeRequested).toBe(true);
    expect(states(pool)).toEqual(['closed']);
    expect(clock.armed.length).toBe(0);
  });

  it('replaces no replica that is lost meanwhile', async () => {
    const { pool, threads } = await openPool();
    const running = pool.run(['a']);
    const closing = pool.close();
    threads.at(0).die();
    await expect(running).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await closing;
    expect(threads.started).toHaveLength(1);
  });

  it('cancels a scheduled restart', async () => {
    const { pool, threads, clock } = await openPool();
    threads.at(0).die();
    threads.at(1).becomeReady(READY_REPLICA);
    threads.at(1).die();
    expect(clock.armed.length).toBe(1);
    await pool.close();
    expect(clock.armed.length).toBe(0);
  });

  it('ends in time and says so if a thread in native code cannot be ended', async () => {
    const { pool, clock, logger } = await openPool();
    void pool.run(['a']).catch(() => undefined);
    clock.jump(STALL_TIMEOUT_MS);
    const closing = pool.close();
    clock.jump(1_000);
    await closing;
    expect(logger.of('warn')).toHaveLength(1);
  });
});
