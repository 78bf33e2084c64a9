import { describe, expect, it } from '@jest/globals';
import { BacklogLimit } from './backlog-limit.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function setUp(max: number) {
  const clock = { now: 0 };
  const store = { pending: 0, counts: 0, away: false };
  const sut = new BacklogLimit(
    () => {
      store.counts++;
      return store.away ? Promise.reject(new Error('away')) : Promise.resolve({ pending: store.pending });
    },
    max,
    () => clock.now,
  );
  return { sut, clock, store };
}

function expectFull(sut: BacklogLimit) {
  expect(() => sut.admit('embed')).toThrow('embed jobs are waiting');
}

describe('BacklogLimit', () => {
  it('admits jobs up to the limit, and refuses the next with a Retry-After', () => {
    const { sut } = setUp(3);
    sut.admit('embed', 2);
    sut.admit('embed');
    expect(() => sut.admit('embed')).toThrow(
      expect.objectContaining({
        code: 'OVERLOADED',
        retryAfterMs: 5_000,
        message: '3 embed jobs are waiting, the limit is 3 (MAX_PENDING_JOBS). Try again later.',
      }),
    );
  });

  it('admits a group of jobs as a whole or not at all', () => {
    const { sut } = setUp(3);
    sut.admit('embed', 2);
    expect(() => sut.admit('embed', 2)).toThrow('embed jobs are waiting');
    sut.admit('embed');
  });

  it('refuses a batch that is larger than the limit', () => {
    expect(() => setUp(3).sut.admit('embed', 4)).toThrow(
      '4 jobs at once exceed the limit of 3 waiting jobs (MAX_PENDING_JOBS). Submit fewer.',
    );
  });

  it('counts each task separately', () => {
    const { sut } = setUp(1);
    sut.admit('embed');
    sut.admit('predict');
  });

  it('notices submissions of other processes and jobs that workers have taken', async () => {
    const { sut, clock, store } = setUp(10);
    store.pending = 10;
    sut.admit('embed');
    await turn();
    expectFull(sut);
    store.pending = 0;
    clock.now += 1_000;
    expectFull(sut);
    await turn();
    sut.admit('embed', 9);
  });

  it('counts at most once a second, and never twice at once', async () => {
    const { sut, clock, store } = setUp(100);
    sut.admit('embed');
    clock.now += 1_000;
    sut.admit('embed');
    expect(store.counts).toBe(1);
    await turn();
    sut.admit('embed');
    expect(store.counts).toBe(2);
    await turn();
    clock.now += 999;
    sut.admit('embed');
    expect(store.counts).toBe(2);
    clock.now += 1;
    sut.admit('embed');
    expect(store.counts).toBe(3);
  });

  it('includes jobs that are not stored yet, in addition to the count of the store', async () => {
    const { sut, clock } = setUp(3);
    const admission = sut.admit('embed', 3);
    await turn();
    clock.now += 1_000;
    expectFull(sut);
    await turn();
    expectFull(sut);
    admission.stored(1);
    expectFull(sut);
    clock.now += 1_000;
    expectFull(sut);
    await turn();
    // The store has counted the stored job, which has run since. Two are on their way.
    sut.admit('embed');
    expectFull(sut);
  });

  it('frees the places of failed submissions', () => {
    const { sut } = setUp(2);
    const admission = sut.admit('embed', 2);
    admission.stored(1);
    expectFull(sut);
    admission.close();
    admission.close();
    sut.admit('embed');
    expectFull(sut);
  });

  it('uses the last known counts while the queue is unreachable', async () => {
    const { sut, clock, store } = setUp(2);
    store.away = true;
    sut.admit('embed');
    await turn();
    clock.now += 1_000;
    sut.admit('embed');
    await turn();
    expect(() => sut.admit('embed')).toThrow('2 embed jobs are waiting');
  });
});
