import { AerieError } from '@aerie/contracts';
import type { ReplicaPool } from '@aerie/engine';
import type { TaskTypes } from '@aerie/tasks';
import { FakeClock } from '@aerie/test-support';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { InferenceEvent } from '../inference-event.js';
import { StatisticsRecorder } from '../statistics-recorder.js';
import { FakePool } from '../testing/fake-pool.js';
import { BatchModel } from './batch-model.js';

describe('BatchModel', () => {
  let clock: FakeClock;
  let pool: FakePool;
  let recorder: StatisticsRecorder;
  let events: InferenceEvent[];
  let model: BatchModel<'text-embedding'>;

  beforeEach(() => {
    clock = new FakeClock();
    pool = new FakePool();
    recorder = new StatisticsRecorder();
    events = [];
    model = new BatchModel<'text-embedding'>({
      name: 'm',
      version: '2',
      task: {
        kernelOptions: {},
        details: { maxTokens: 8 },
        trialItems: [],
        costOf: ({ text: { length } }) => length,
        buffersOf: ({ text }) => [bufferOf(String(text))],
      },
      pool: pool as unknown as ReplicaPool<
        TaskTypes['text-embedding']['item'],
        TaskTypes['text-embedding']['result']
      >,
      batching: { maxBatchSize: 2, maxDelayMs: 0, maxQueueSize: 2, maxBatchTokens: null },
      recorder,
      onInference: (event) => events.push(event),
      clock,
    });
    pool.held = true;
  });

  const texts = (...values: readonly string[]) => values.map((text) => ({ text, truncate: false }));
  const buffers = new Map<string, ArrayBuffer>();
  const bufferOf = (text: string): ArrayBuffer => {
    const buffer = buffers.get(text) ?? new ArrayBuffer(1);
    buffers.set(text, buffer);
    return buffer;
  };
  const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => null,
      (error: unknown) => error,
    );
  const statistics = () => recorder.snapshot({ queueLength: 0, runningBatches: 0 });

  it('answers each item and sums up the stages of its batches', async () => {
    const answer = model.infer(texts('a', 'bb', 'c'));
    await clock.endTurn();
    await clock.advance(30);
    pool.finish();
    await clock.endTurn();
    pool.finish();
    const { results, stats } = await answer;
    expect(results.map((result) => result.ok && result.value)).toEqual(texts('a', 'bb', 'c'));
    expect(stats).toEqual({ queueMs: 0, preprocessMs: 2, computeMs: 20, postprocessMs: 4, batchSize: 2 });
  });

  it("moves the items' buffers to the replica with the batch", async () => {
    const answer = model.infer(texts('a', 'b'));
    await clock.endTurn();
    pool.finish();
    await answer;
    expect(pool.transfers).toHaveLength(1);
    expect(pool.transfers[0]?.map((buffer) => buffer === bufferOf('a'))).toEqual([true, false]);
    expect(pool.transfers[0]?.[1]).toBe(bufferOf('b'));
  });

  it('reports each batch once, and counts it', async () => {
    const first = model.infer(texts('a', 'b'));
    await clock.endTurn();
    await clock.advance(5);
    const second = model.infer(texts('c'));
    await clock.advance(10);
    pool.finish();
    await first;
    await clock.endTurn();
    pool.finish();
    await second;
    const batch = {
      model: 'm',
      version: '2',
      preprocessMs: 1,
      computeMs: 10,
      postprocessMs: 2,
      outcome: 'success',
    };
    expect(events).toEqual([
      { ...batch, batchSize: 2, queueMs: [0, 0] },
      { ...batch, batchSize: 1, queueMs: [10] },
    ]);
    expect(statistics()).toMatchObject({
      requests: { succeeded: 2, failed: 0 },
      total: { count: 2, totalMs: 25, averageMs: 12.5, maxMs: 15 },
      items: 3,
      batches: { succeeded: 2, failed: 0 },
      stages: {
        queue: { count: 3, totalMs: 10, maxMs: 10 },
        preprocess: { count: 2, totalMs: 2 },
        compute: { count: 2, totalMs: 20, averageMs: 10 },
        postprocess: { count: 2, totalMs: 4 },
      },
      batchSizes: [
        { batchSize: 1, count: 1, computeMs: 10 },
        { batchSize: 2, count: 1, computeMs: 10 },
      ],
    });
    expect(statistics().lastInferenceAt).toBeInstanceOf(Date);
  });

  it('answers a full queue with 429, the limit and Retry-After', async () => {
    const accepted = [model.infer(texts('a', 'b')), model.infer(texts('c')), model.infer(texts('d'))];
    await clock.endTurn();
    const error = await errorOf(model.infer(texts('e')));
    expect(error).toBeInstanceOf(AerieError);
    expect(error).toMatchObject({ code: 'OVERLOADED', status: 429 });
    const { message, retryAfterMs } = error as AerieError;
    expect(message).toMatch(
      /^The queue of model "m" version 2 is full: at most 2 requests may wait \(MAX_QUEUE_SIZE/,
    );
    expect(retryAfterMs).toBeGreaterThanOrEqual(1_000);
    pool.held = false;
    pool.finish();
    await Promise.all(accepted);
  });

  it('answers a passed deadline with 504, without running waiting requests', async () => {
    const running = model.infer(texts('a', 'b'));
    await clock.endTurn();
    const late = errorOf(model.infer(texts('c'), { deadline: clock.now() + 50 }));
    await clock.advance(50);
    expect(await late).toMatchObject({
      code: 'TIMEOUT',
      status: 504,
      message: expect.stringContaining('before the model ran, after 50 ms'),
    });
    pool.finish();
    await running;
    await clock.endTurn();
    expect(pool.runs).toHaveLength(1);
  });

  it('lets a caller leave with its own reason, without counting a failure', async () => {
    const leaving = new AbortController();
    const left = errorOf(model.infer(texts('a'), { signal: leaving.signal }));
    await clock.endTurn();
    const reason = new Error('gone');
    leaving.abort(reason);
    expect(await left).toBe(reason);
    expect(statistics().requests).toEqual({ succeeded: 0, failed: 0 });
    pool.finish();
    await clock.endTurn();
  });

  it("passes on the engine's error of a lost replica, and hides an unexpected error", async () => {
    const lost = errorOf(model.infer(texts('a')));
    await clock.endTurn();
    const reason = new AerieError('WORKER_LOST', 'the replica died');
    pool.fail(reason);
    expect(await lost).toBe(reason);
    const odd = errorOf(model.infer(texts('a')));
    await clock.endTurn();
    pool.fail(new Error('/secret/path'));
    expect(await odd).toMatchObject({ code: 'INTERNAL', message: expect.not.stringContaining('secret') });
    expect(events.map(({ outcome, computeMs }) => [outcome, computeMs])).toEqual([
      ['failure', 0],
      ['failure', 0],
    ]);
    expect(statistics()).toMatchObject({ requests: { failed: 2 }, batches: { failed: 2 }, items: 0 });
  });

  it('runs as many batches at once as replicas are up', async () => {
    const answers = [model.infer(texts('a', 'b')), model.infer(texts('c', 'd'))];
    await clock.endTurn();
    expect(pool.pending).toHaveLength(1);
    pool.setCapacity(2);
    await clock.endTurn();
    expect(pool.pending).toHaveLength(2);
    pool.finish();
    pool.finish();
    await Promise.all(answers);
  });

  it('knows how long there has been work without progress', async () => {
    expect(model.activity()).toEqual({ queueLength: 0, runningBatches: 0, stalledForMs: null });
    await clock.advance(1_000);
    const answers = [model.infer(texts('a', 'b')), model.infer(texts('c'))];
    await clock.advance(70);
    expect(model.activity()).toEqual({ queueLength: 1, runningBatches: 1, stalledForMs: 70 });
    pool.finish();
    await clock.endTurn();
    await clock.advance(30);
    expect(model.activity()).toEqual({ queueLength: 0, runningBatches: 1, stalledForMs: 30 });
    pool.finish();
    await Promise.all(answers);
    expect(model.activity().stalledForMs).toBeNull();
  });

  it('counts a batch as work when its caller has left', async () => {
    const leaving = new AbortController();
    const left = errorOf(model.infer(texts('a'), { signal: leaving.signal }));
    await clock.endTurn();
    leaving.abort(new AerieError('CANCELED', 'gone'));
    await left;
    await clock.advance(40);
    expect(model.activity().stalledForMs).toBe(40);
    pool.finish();
    await clock.endTurn();
    expect(model.activity().stalledForMs).toBeNull();
  });

  it('lets accepted requests finish when it closes, and refuses later ones', async () => {
    const taken = model.infer(texts('a'));
    await clock.endTurn();
    const closing = model.close();
    expect(await errorOf(model.infer(texts('b')))).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(pool.closed).toBe(false);
    pool.finish();
    await taken;
    await closing;
    expect(pool.closed).toBe(true);
    await model.close();
  });

  it('rejects requests that still wait when the closing time has passed', async () => {
    pool.setCapacity(0);
    const waiting = errorOf(model.infer(texts('a')));
    await clock.endTurn();
    const enough = new AbortController();
    const closing = model.close(enough.signal);
    enough.abort(new Error('enough'));
    await closing;
    expect(await waiting).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(pool.closed).toBe(true);
  });
});
