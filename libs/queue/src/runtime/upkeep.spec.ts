import { FakeClock } from '@aerie/test-support';
import { describe, expect, it, jest } from '@jest/globals';
import type { JobHead } from '../records/job-record.js';
import { PENDING_JOB } from '../testing/pending-job.js';
import { Upkeep } from './upkeep.js';

const MAX_FINISHED = 7;

/** A job that has expired by the clock of these tests. */
const late = (id: string): JobHead => ({ ...PENDING_JOB, id, expiresAt: 2_000 });

function setUp() {
  const heads = new Map<string, JobHead>();
  const calls: string[] = [];
  const state = {
    finished: 0,
    expired: [] as string[],
    orphans: [] as string[],
    deliveries: [] as string[],
    fails: new Set<string>(),
    isUp: true,
  };
  const did = (call: string) => {
    calls.push(call);
    return state.fails.has(call.split(' ')[0] ?? '') ? Promise.reject(new Error(call)) : Promise.resolve();
  };
  const add = (...ids: readonly string[]) => {
    for (const id of ids) heads.set(id, late(id));
    return ids;
  };
  const queue = {
    store: {
      sweep: async (now: number, maxFinished: number, limit: number) => {
        await did(`sweep ${String(now)} ${String(maxFinished)}`);
        const removed = Math.min(limit, state.finished);
        state.finished -= removed;
        return removed;
      },
      expired: async (_now: number, limit: number) => {
        await did('expired');
        return state.expired.slice(0, limit);
      },
      orphans: async (task: string, before: number) => {
        await did(`orphans ${task} ${String(before)}`);
        return state.orphans;
      },
      orphanDeliveries: async () => {
        await did('deliveries');
        return state.deliveries;
      },
      heads: (ids: readonly string[]) =>
        Promise.resolve(ids.map((id) => ({ head: heads.get(id) ?? late(id), version: 1 }))),
    },
    logger: { warn: jest.fn() },
    now: () => 100_000,
    enqueue: ({ id }: { id: string }) => did(`enqueue ${id}`),
    enqueueDelivery: (id: string) => did(`send ${id}`),
    unqueue: ({ id }: { id: string }) => did(`unqueue ${id}`),
    update: async (id: string, step: (head: JobHead) => JobHead | null) => {
      await did(`update ${id}`);
      const head = heads.get(id);
      const next = head === undefined ? null : step(head);
      state.expired = state.expired.filter((other) => other !== id);
      return next;
    },
  };
  const clock = new FakeClock();
  const options = { tasks: ['embed'], maxFinished: MAX_FINISHED, isUp: () => state.isUp, clock };
  return { sut: new Upkeep(queue, options), queue, state, calls, add, clock };
}

describe('Upkeep', () => {
  it('removes old jobs first, and all of them', async () => {
    const { sut, state, calls } = setUp();
    state.finished = 1_200;
    await sut.run();
    expect(calls.slice(0, 4)).toEqual([...Array<string>(3).fill('sweep 100000 7'), 'expired']);
    expect(state.finished).toBe(0);
  });

  it('ends every job that waited too long, and removes it from its queue', async () => {
    const { sut, state, calls, add } = setUp();
    state.expired = [...add(...Array.from({ length: 1_100 }, (_, index) => String(index)))];
    await sut.run();
    expect(state.expired).toEqual([]);
    expect(calls).toContain('unqueue 1099');
  });

  it('does not loop endlessly over jobs that it cannot end', async () => {
    const { sut, queue, state, calls } = setUp();
    state.expired = Array.from({ length: 500 }, (_, index) => String(index));
    queue.update = () => Promise.resolve(null);
    await sut.run();
    expect(calls.filter((call) => call === 'expired')).toHaveLength(1);
  });

  it('queues a job again that was in no queue twice in a row', async () => {
    const { sut, queue, state, calls, add } = setUp();
    state.orphans = [...add('a', 'b')];
    await sut.run();
    expect(calls).toContain('orphans embed 85000');
    expect(calls.join()).not.toContain('enqueue');
    state.orphans = [...add('b', 'c')];
    await sut.run();
    expect(calls.filter((call) => call.startsWith('enqueue'))).toEqual(['enqueue b']);
    expect(queue.logger.warn).toHaveBeenCalledWith(
      { task: 'embed', jobs: 1 },
      'jobs that were in no queue are queued again',
    );
  });

  it('sends webhooks that were in no queue', async () => {
    const { sut, state, calls } = setUp();
    state.deliveries = ['a.1', 'b.2'];
    await sut.run();
    expect(calls.slice(-2)).toEqual(['send a.1', 'send b.2']);
  });

  it.each(['sweep', 'expired', 'update', 'orphans', 'enqueue', 'deliveries', 'send'])(
    'does the other parts if %s fails, such as in a full backend',
    async (part) => {
      const { sut, queue, state, calls, add } = setUp();
      state.fails.add(part);
      state.orphans = [...add('a')];
      await sut.run();
      state.expired = [...add('b')];
      state.deliveries = ['c.1'];
      calls.length = 0;
      queue.logger.warn.mockClear();
      await sut.run();
      const done = new Set(calls.map((call) => call.split(' ')[0]));
      for (const begun of ['sweep', 'expired', 'orphans', 'deliveries']) expect(done).toContain(begun);
      expect(queue.logger.warn).toHaveBeenCalledWith(
        expect.objectContaining({ err: expect.any(Error) }),
        'the upkeep of the queue failed',
      );
    },
  );

  describe('its schedule', () => {
    const sweeps = (calls: readonly string[]) => calls.filter((call) => call.startsWith('sweep')).length;

    it('runs at once and every ten seconds, but not while the backend is unreachable or after close', async () => {
      const { sut, state, calls, clock } = setUp();
      sut.start();
      await clock.advance(0);
      expect(sweeps(calls)).toBe(1);
      await clock.advance(9_999);
      expect(sweeps(calls)).toBe(1);
      await clock.advance(1);
      expect(sweeps(calls)).toBe(2);
      state.isUp = false;
      await clock.advance(10_000);
      expect(sweeps(calls)).toBe(2);
      state.isUp = true;
      await clock.advance(10_000);
      expect(sweeps(calls)).toBe(3);
      await sut.close();
      await clock.advance(60_000);
      expect(sweeps(calls)).toBe(3);
    });

    it('does not wait on close for a backend that does not respond', async () => {
      const { sut, queue, clock } = setUp();
      queue.store.sweep = () => new Promise(() => undefined);
      sut.start();
      await clock.advance(0);
      const closed = sut.close();
      await clock.advance(500);
      await closed;
      expect(clock.armed).toEqual([]);
    });
  });
});
