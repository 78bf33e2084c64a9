import { describe, expect, it, jest } from '@jest/globals';
import { DynamicBatcher } from './dynamic-batcher.js';
import { createBench } from './testing/batcher-bench.js';

const itemsOf = (batches: readonly { readonly items: readonly string[] }[]): (readonly string[])[] =>
  batches.map(({ items }) => items);

describe('when batches start', () => {
  it('starts a single request at the end of the turn in which it arrived', async () => {
    const { batches, clock, submit } = createBench();
    const completed = submit('a');
    await clock.endTurn();
    expect(itemsOf(batches)).toEqual([['a']]);
    batches[0]?.finish();
    await expect(completed).resolves.toMatchObject({ results: ['a!'], queueMs: 0 });
  });

  it('starts within the call if every free place can get a full batch', () => {
    const { batches, submit } = createBench();
    for (const text of ['a', 'b', 'c']) void submit(text);
    expect(batches).toHaveLength(0);
    void submit('d');
    expect(itemsOf(batches)).toEqual([['a', 'b', 'c', 'd']]);
  });

  it('collects requests that arrive while every replica is busy', async () => {
    const { batches, clock, submit } = createBench();
    void submit('a');
    await clock.endTurn();
    for (const text of ['b', 'c', 'd']) {
      void submit(text);
      await clock.endTurn();
    }
    expect(batches).toHaveLength(1);
    batches[0]?.finish();
    await clock.endTurn();
    expect(itemsOf(batches)).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('puts no more than maxBatchSize items in a batch', async () => {
    const { batches, clock, submit } = createBench();
    const completed = submit(['a', 'b', 'c', 'd', 'e', 'f']);
    await clock.endTurn();
    expect(batches[0]?.items).toHaveLength(4);
    batches[0]?.finish();
    await clock.endTurn();
    expect(batches[1]?.items).toEqual(['e', 'f']);
    batches[1]?.finish();
    await expect(completed).resolves.toMatchObject({ results: ['a!', 'b!', 'c!', 'd!', 'e!', 'f!'] });
  });

  it('spreads the waiting items evenly over the free replicas', async () => {
    const { batches, clock, submit } = createBench({ maxBatchSize: 32, capacity: 3 });
    for (let i = 0; i < 32; i++) void submit('x');
    await clock.endTurn();
    expect(batches.map(({ items }) => items.length)).toEqual([11, 11, 10]);
  });

  it('uses as many replicas as there are items if there are few', async () => {
    const { batches, clock, submit } = createBench({ capacity: 8 });
    void submit(['a', 'b', 'c']);
    await clock.endTurn();
    expect(itemsOf(batches)).toEqual([['a'], ['b'], ['c']]);
  });

  it('holds everything while capacity is 0, and continues when it returns', async () => {
    const { batcher, batches, clock, submit } = createBench({ capacity: 0 });
    void submit(['a', 'b', 'c', 'd', 'e']);
    await clock.advance(10_000);
    expect(batches).toHaveLength(0);
    batcher.setCapacity(1);
    expect(itemsOf(batches)).toEqual([['a', 'b', 'c', 'd']]);
  });

  it('starts nothing new while more batches run than a lowered capacity allows', async () => {
    const { batcher, batches, clock, submit } = createBench({ capacity: 2, maxBatchSize: 1 });
    void submit(['a', 'b', 'c', 'd']);
    batcher.setCapacity(1);
    batches[0]?.finish();
    await clock.endTurn();
    expect(itemsOf(batches)).toEqual([['a'], ['b']]);
    batches[1]?.finish();
    await clock.endTurn();
    expect(itemsOf(batches)).toEqual([['a'], ['b'], ['c']]);
  });

  it('uses the process clock by default', async () => {
    const runBatch = jest.fn((items: readonly number[]) =>
      Promise.resolve({ results: items.map((item) => item * 2), report: undefined }),
    );
    const batcher = new DynamicBatcher({ maxBatchSize: 4, maxQueueSize: 4, runBatch });
    batcher.setCapacity(1);
    const deadline = performance.now() + 60_000;
    const both = [1, 2].map((input) => batcher.submit([{ input, cost: 1 }], { deadline }));
    const results = (await Promise.all(both)).map((completed) => completed.results);
    expect(results).toEqual([[2], [4]]);
    expect(runBatch).toHaveBeenCalledTimes(1);
  });
});

describe('maxDelayMs', () => {
  it('holds a request back so that others can join its batch', async () => {
    const { batches, clock, submit } = createBench({ maxDelayMs: 10 });
    void submit('a');
    await clock.advance(4);
    void submit('b');
    await clock.advance(5);
    expect(batches).toHaveLength(0);
    await clock.advance(1);
    expect(itemsOf(batches)).toEqual([['a', 'b']]);
    expect(clock.armed).toEqual([]);
  });

  it('ends when a batch is full', async () => {
    const { batches, clock, submit } = createBench({ maxDelayMs: 10 });
    void submit('a');
    await clock.endTurn();
    void submit(['b', 'c', 'd']);
    expect(itemsOf(batches)).toEqual([['a', 'b', 'c', 'd']]);
    expect(clock.armed).toEqual([]);
  });

  it('ends when the token budget is used up', async () => {
    const { batches, clock, submit } = createBench({ maxDelayMs: 10, maxBatchTokens: 6 });
    void submit('aaa');
    await clock.endTurn();
    void submit('bbb');
    await clock.endTurn();
    expect(itemsOf(batches)).toEqual([['aaa', 'bbb']]);
  });

  it('does not apply while the batcher drains', async () => {
    const { batcher, batches, clock, submit } = createBench({ maxDelayMs: 10 });
    void submit('a');
    await clock.endTurn();
    void batcher.drain();
    await clock.endTurn();
    expect(itemsOf(batches)).toEqual([['a']]);
  });

  it('leaves no timer behind if the held request leaves', async () => {
    const { clock, submit } = createBench({ maxDelayMs: 10 });
    const leaving = new AbortController();
    void submit('a', { signal: leaving.signal });
    await clock.endTurn();
    expect(clock.armed).toHaveLength(1);
    leaving.abort();
    expect(clock.armed).toEqual([]);
  });
});
