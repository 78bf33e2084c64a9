import { getEventListeners, setMaxListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { BatcherClosedError } from './batcher-closed.error.js';
import { DeadlineExceededError } from './deadline-exceeded.error.js';
import { createBench } from './testing/batcher-bench.js';

/** Checks that no request is left and no batch runs. */
const IDLE = { queuedRequests: 0, runningBatches: 0, stalledForMs: null };

describe('a deadline', () => {
  it('removes a request from the queue without running it', async () => {
    const { batcher, batches, clock, submit } = createBench();
    void submit('a');
    await clock.endTurn();
    const late = submit('b', { deadline: clock.now() + 50 });
    await clock.advance(49);
    expect(batcher.queuedRequests).toBe(1);
    await clock.advance(1);
    await expect(late).rejects.toMatchObject({
      name: 'DeadlineExceededError',
      elapsedMs: 50,
      started: false,
    });
    batches[0]?.finish();
    await clock.endTurn();
    expect(batches).toHaveLength(1);
    expect(batcher).toMatchObject(IDLE);
  });

  it('rejects a running request at once, and drops its result', async () => {
    const { batcher, batches, clock, submit } = createBench();
    const late = submit('a', { deadline: clock.now() + 50 });
    await clock.endTurn();
    await clock.advance(50);
    await expect(late).rejects.toMatchObject({ name: 'DeadlineExceededError', started: true });
    expect(batcher).toMatchObject({ queuedRequests: 0, runningBatches: 1 });
    batches[0]?.finish();
    await clock.endTurn();
    expect(batcher).toMatchObject(IDLE);
  });

  it('that has passed at submit rejects without queueing', async () => {
    const { batcher, clock, submit } = createBench({ capacity: 0 });
    await expect(submit('a', { deadline: clock.now() })).rejects.toThrow(DeadlineExceededError);
    expect(batcher).toMatchObject(IDLE);
  });

  it('is met even if the timer is late', async () => {
    const { batches, clock, submit } = createBench();
    void submit('a');
    await clock.endTurn();
    const late = submit('b', { deadline: clock.now() + 50 });
    clock.block(60);
    batches[0]?.finish();
    await clock.endTurn();
    await expect(late).rejects.toThrow(DeadlineExceededError);
    expect(batches).toHaveLength(1);
  });

  it('shares one timer with all others, armed for the earliest and canceled with the last', async () => {
    const { clock, submit, batches } = createBench({ capacity: 0 });
    const requests = [70, 50, 60].map((ms) => submit('a', { deadline: clock.now() + ms }));
    expect(clock.armed).toHaveLength(1);
    for (const index of [1, 2, 0]) {
      await clock.advance(index === 1 ? 50 : 10);
      await expect(requests[index]).rejects.toThrow(DeadlineExceededError);
    }
    expect(clock.armed).toEqual([]);
    expect(batches).toHaveLength(0);
  });
});

describe('an abort', () => {
  it('removes a request from the queue and rejects with the reason of the signal', async () => {
    const { batcher, batches, clock, submit } = createBench();
    void submit('a');
    await clock.endTurn();
    const caller = new AbortController();
    const left = submit(['b', 'c'], { signal: caller.signal });
    const reason = new Error('the caller has left');
    caller.abort(reason);
    await expect(left).rejects.toBe(reason);
    batches[0]?.finish();
    await clock.endTurn();
    expect(batches).toHaveLength(1);
    expect(batcher).toMatchObject(IDLE);
  });

  it('rejects at once while some items run, and drops the others', async () => {
    const { batches, clock, submit } = createBench();
    const caller = new AbortController();
    const left = submit(['a', 'b', 'c', 'd', 'e'], { signal: caller.signal });
    const neighbor = submit('n');
    caller.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    batches[0]?.finish();
    await clock.endTurn();
    expect(batches.map(({ items }) => items)).toEqual([['a', 'b', 'c', 'd'], ['n']]);
    batches[1]?.finish();
    await expect(neighbor).resolves.toMatchObject({ results: ['n!'] });
  });

  it('before the submit rejects without queueing', async () => {
    const { batcher, submit } = createBench({ capacity: 0 });
    const reason = new Error('gone before it came');
    await expect(submit('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(batcher).toMatchObject(IDLE);
  });

  it('is listened to only until the request settles', async () => {
    const { batches, clock, submit } = createBench();
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const requests = Array.from({ length: 200 }, () => submit('a', { signal }).catch(() => undefined));
    requests.push(submit('late', { signal, deadline: clock.now() + 1 }).catch(() => undefined));
    expect(getEventListeners(signal, 'abort').length).toBeGreaterThan(90);
    await clock.advance(1);
    for (let i = 0; i < batches.length; i++) {
      if (i === 3) batches[i]?.fail(new Error('replica lost'));
      else batches[i]?.finish();
      await clock.endTurn();
    }
    await Promise.all(requests);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(clock.armed).toEqual([]);
  });
});

describe('a batch that fails', () => {
  it('rejects its own requests and drops their waiting items, but not those of others', async () => {
    const { batcher, batches, clock, submit } = createBench();
    const large = submit(['a', 'b', 'c', 'd', 'e']);
    const other = submit('o');
    const error = new Error('replica lost');
    batches[0]?.fail(error);
    await expect(large).rejects.toBe(error);
    await clock.endTurn();
    expect(batches[1]?.items).toEqual(['o']);
    batches[1]?.finish();
    await expect(other).resolves.toMatchObject({ results: ['o!'] });
    expect(batcher).toMatchObject(IDLE);
  });

  it('may throw instead of rejecting', async () => {
    const error = new Error('not even started');
    const { batcher, clock, submit } = createBench({
      runBatch: () => {
        throw error;
      },
    });
    const request = submit('a');
    await clock.endTurn();
    await expect(request).rejects.toBe(error);
    expect(batcher).toMatchObject(IDLE);
  });

  it('fails if there is not one result per item', async () => {
    const { batches, clock, submit } = createBench();
    const request = submit(['a', 'b']);
    await clock.endTurn();
    batches[0]?.finishWith(['a!']);
    await expect(request).rejects.toThrow('1 results for 2 items');
  });
});

describe('drain', () => {
  it('refuses new requests and waits for the queue and the running batches', async () => {
    const { batcher, batches, clock, submit } = createBench();
    const requests = [submit(['a', 'b', 'c', 'd']), submit('e')];
    let drained = false;
    const draining = batcher.drain().then(() => (drained = true));
    await expect(submit('f')).rejects.toThrow(BatcherClosedError);
    batches[0]?.finish();
    await clock.endTurn();
    expect(drained).toBe(false);
    batches[1]?.finish();
    await draining;
    await expect(Promise.all(requests)).resolves.toHaveLength(2);
  });

  it('waits for a running batch whose callers have left', async () => {
    const { batcher, batches, clock, submit } = createBench();
    void submit('a', { deadline: clock.now() + 5 });
    await clock.endTurn();
    await clock.advance(5);
    let drained = false;
    const draining = batcher.drain().then(() => (drained = true));
    await clock.endTurn();
    expect(drained).toBe(false);
    batches[0]?.finish();
    await draining;
  });

  it('ends when the last request leaves the queue', async () => {
    const { batcher, clock, submit } = createBench({ capacity: 0 });
    void submit('a', { deadline: clock.now() + 5 });
    const { signal } = new AbortController();
    const draining = batcher.drain(signal);
    await clock.advance(5);
    await expect(draining).resolves.toBeUndefined();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('gives up when its signal aborts', async () => {
    const { batcher, submit } = createBench({ capacity: 0 });
    void submit('a');
    const patience = new AbortController();
    const draining = batcher.drain(patience.signal);
    const reason = new Error('took too long');
    patience.abort(reason);
    await expect(draining).rejects.toBe(reason);
    expect(getEventListeners(patience.signal, 'abort')).toHaveLength(0);
  });
});

describe('close', () => {
  it('rejects waiting requests, lets running ones finish, and accepts no more', async () => {
    const { batcher, batches, clock, submit } = createBench();
    const running = submit('a');
    await clock.endTurn();
    const waiting = submit('b', { deadline: clock.now() + 100 });
    const error = new Error('model unloaded');
    batcher.close(error);
    batcher.close(error);
    await expect(waiting).rejects.toBe(error);
    await expect(submit('c')).rejects.toThrow(BatcherClosedError);
    const draining = batcher.drain();
    batches[0]?.finish();
    await expect(running).resolves.toMatchObject({ results: ['a!'] });
    await draining;
    expect(batches).toHaveLength(1);
    expect(clock.armed).toEqual([]);
    expect(batcher).toMatchObject(IDLE);
  });
});
