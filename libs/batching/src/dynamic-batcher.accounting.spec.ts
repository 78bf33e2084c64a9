import { setMaxListeners } from 'node:events';
import { collectGarbage } from '@aerie/runtime';
import { describe, expect, it } from '@jest/globals';
import { DynamicBatcher } from './dynamic-batcher.js';
import { QueueFullError } from './queue-full.error.js';
import { createBench } from './testing/batcher-bench.js';

describe('a full queue', () => {
  it('refuses at once, and counts requests with an item not started', async () => {
    const { batcher, batches, clock, submit } = createBench({ maxQueueSize: 2, maxBatchSize: 2 });
    void submit(['a', 'b', 'c']);
    void submit('d');
    await expect(submit('e')).rejects.toThrow(QueueFullError);
    batches[0]?.finish();
    await clock.endTurn();
    expect(batches[1]?.items).toEqual(['c', 'd']);
    void submit('f');
    void submit('g');
    await expect(submit('h')).rejects.toMatchObject({ maxQueueSize: 2 });
    expect(batcher.queuedRequests).toBe(2);
  });

  it('has room again after a waiting request has left', async () => {
    const { submit, batcher } = createBench({ maxQueueSize: 1, capacity: 0 });
    const caller = new AbortController();
    void submit('a', { signal: caller.signal });
    caller.abort();
    void submit('b');
    await expect(submit('c')).rejects.toThrow(QueueFullError);
    expect(batcher.queuedRequests).toBe(1);
  });

  const retryAfterMs = async (batchMs: number, capacity: number): Promise<number> => {
    const { batcher, batches, clock, submit } = createBench({ maxQueueSize: 2, maxBatchSize: 2 });
    void submit(['a', 'b']);
    await clock.advance(batchMs);
    batches[0]?.finish();
    await clock.endTurn();
    batcher.setCapacity(0);
    void submit(['c', 'c', 'c', 'c', 'c', 'c']);
    void submit(['d', 'd', 'd', 'd']);
    if (capacity > 0) batcher.setCapacity(capacity);
    const refused: unknown = await submit('e').catch((error: unknown) => error);
    return refused instanceof QueueFullError ? refused.retryAfterMs : NaN;
  };

  it('says when the waiting items should have been served', async () => {
    // 10 items at 1,000 ms each; with one replica, 2 of them have started and 8 wait.
    await expect(retryAfterMs(2_000, 0)).resolves.toBe(10_000);
    await expect(retryAfterMs(2_000, 1)).resolves.toBe(8_000);
    // With two, 4 have started, and 6 are left for both.
    await expect(retryAfterMs(2_000, 2)).resolves.toBe(3_000);
  });

  it('says at least a second and at most a minute', async () => {
    await expect(retryAfterMs(10, 0)).resolves.toBe(1_000);
    await expect(retryAfterMs(100_000, 0)).resolves.toBe(60_000);
  });
});

describe('the accounting of a request and the batcher', () => {
  it('lists the batches that ran a request, with their waits, times and reports', async () => {
    const { batches, clock, submit } = createBench({ maxBatchSize: 2 });
    const large = submit(['a', 'b', 'c']);
    const small = submit('d');
    await clock.advance(30);
    batches[0]?.finish();
    await clock.advance(0);
    await clock.advance(5);
    batches[1]?.finish();
    await expect(large).resolves.toEqual({
      results: ['a!', 'b!', 'c!'],
      queueMs: 0,
      totalMs: 35,
      batches: [
        { size: 2, items: 2, waitMs: 0, runMs: 30, report: 'batch 0' },
        { size: 2, items: 1, waitMs: 30, runMs: 5, report: 'batch 1' },
      ],
    });
    await expect(small).resolves.toMatchObject({
      queueMs: 30,
      totalMs: 35,
      batches: [{ size: 2, items: 1 }],
    });
  });

  it('counts the waiting requests and the running batches', async () => {
    const { batcher, batches, clock, submit } = createBench({ maxBatchSize: 2 });
    void submit(['a', 'b', 'c']);
    void submit('d');
    await clock.endTurn();
    expect(batcher).toMatchObject({ queuedRequests: 2, runningBatches: 1 });
    batches[0]?.finish();
    await clock.endTurn();
    expect(batcher).toMatchObject({ queuedRequests: 0, runningBatches: 1 });
    batches[1]?.finish();
    await clock.endTurn();
    expect(batcher.runningBatches).toBe(0);
  });

  it('measures the time since the work began or a batch last ended', async () => {
    const { batcher, batches, clock, submit } = createBench({ maxBatchSize: 1 });
    await clock.advance(1_000);
    expect(batcher.stalledForMs).toBeNull();
    const leaving = new AbortController();
    void submit('a', { signal: leaving.signal });
    await clock.advance(7);
    void submit('b');
    await clock.advance(3);
    expect(batcher.stalledForMs).toBe(10);
    leaving.abort();
    expect(batcher.stalledForMs).toBe(10);
    batches[0]?.fail(new Error('replica lost'));
    await clock.endTurn();
    await clock.advance(4);
    expect(batcher.stalledForMs).toBe(4);
    batches[1]?.finish();
    await clock.endTurn();
    expect(batcher.stalledForMs).toBeNull();
    await clock.advance(50);
    void submit('c');
    expect(batcher.stalledForMs).toBe(0);
  });

  it('does not keep the inputs of settled requests', async () => {
    const batcher = new DynamicBatcher<object, null>({
      maxBatchSize: 8,
      maxQueueSize: 300,
      runBatch: (items) => Promise.resolve({ results: items.map(() => null), report: undefined }),
    });
    const inputs: WeakRef<object>[] = [];
    const submitAll = async () => {
      const caller = new AbortController();
      setMaxListeners(0, caller.signal);
      const submits = Array.from({ length: 300 }, (_, index) => {
        const input = { index };
        inputs.push(new WeakRef(input));
        const leaves = index % 3 === 0 ? { signal: caller.signal } : {};
        const deadline = performance.now() + 60_000;
        return batcher.submit([{ input, cost: index }], { ...leaves, deadline });
      });
      caller.abort();
      batcher.setCapacity(2);
      return Promise.allSettled(submits);
    };
    const statuses = (await submitAll()).map(({ status }) => status);
    await new Promise<void>((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(statuses.filter((status) => status === 'fulfilled')).toHaveLength(200);
    expect(batcher.stalledForMs).toBeNull();
    expect(inputs.filter((input) => input.deref() !== undefined)).toHaveLength(0);
  });
});

describe('a value out of range', () => {
  it.each([
    ['maxBatchSize', { maxBatchSize: 0 }],
    ['maxQueueSize', { maxQueueSize: 1.5 }],
    ['maxBatchTokens', { maxBatchTokens: 0 }],
    ['maxDelayMs', { maxDelayMs: NaN }],
    ['capacity', { capacity: -1 }],
  ])('is refused by name: %s', (name, options) => {
    expect(() => createBench(options)).toThrow(new RegExp(`^${name} must be`));
  });

  it('is refused in a request before it is queued', async () => {
    const { batcher, submit } = createBench({ capacity: 0 });
    await expect(submit([])).rejects.toThrow('at least one item');
    await expect(submit('a', { priority: NaN })).rejects.toThrow('priority must be');
    await expect(submit('a', { deadline: NaN })).rejects.toThrow('deadline must be');
    await expect(batcher.submit([{ input: 'a', cost: NaN }])).rejects.toThrow('cost must be');
    expect(batcher.stalledForMs).toBeNull();
  });
});
