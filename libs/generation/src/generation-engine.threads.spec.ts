import { AerieError } from '@aerie/contracts';
import { FakeClock, FakeThreads, settle } from '@aerie/test-support';
import { describe, expect, it } from '@jest/globals';
import { GenerationEngine } from './generation-engine.js';
import type { GenerationEvent, GenerationRequest } from './generation-request.js';
import type { GenerationStream } from './generation-stream.js';
import type { FromWorker, LanguageModelInfo, ToWorker, WorkerState } from './worker/messages.js';

const START_MS = 60_000;
const STALL_MS = 10_000;
const REQUEST: GenerationRequest = { kind: 'text', prompt: 'once', maxTokens: 4 };
const USAGE = { promptTokens: 1, cachedTokens: 0, completionTokens: 0 };
const MODEL: LanguageModelInfo = {
  vocabSize: 10,
  contextLength: 64,
  decoder: 'external-kv',
  provider: 'cpu',
  deviceId: null,
  handles: null,
  failedProviders: [],
};

function createEngine() {
  const clock = new FakeClock();
  const threads = new FakeThreads<ToWorker, FromWorker, LanguageModelInfo>();
  const notices: { readonly message: string; readonly cause?: unknown }[] = [];
  const opening = GenerationEngine.open(
    {
      name: 'm@1',
      modelPath: '/m.onnx',
      directory: '/m',
      binding: { sessionFactoryUrl: 'none', control: null },
      startTimeoutMs: START_MS,
      stallTimeoutMs: STALL_MS,
      observer: { onNotice: (notice) => notices.push(notice) },
    },
    { clock, spawn: threads.spawn },
  );
  /** The thread reports a step; `started` are the requests that left its queue. */
  const step = (state: Partial<WorkerState>, started: readonly number[] = [], thread = 0): void => {
    threads.at(thread).say({
      type: 'step',
      updates: started.map((id) => ({ id, type: 'started', usage: USAGE })),
      steps: [],
      state: { hasWork: true, running: started.length, waiting: 0, kvUsage: 0, received: 1, ...state },
    });
  };
  return { opening, clock, threads, notices, step };
}

async function openEngine() {
  const setup = createEngine();
  setup.threads.at(0).becomeReady(MODEL);
  return { ...setup, sut: await setup.opening };
}

/** The error that ends the stream. */
async function errorOf(stream: GenerationStream): Promise<unknown> {
  const events: GenerationEvent[] = [];
  try {
    for await (const event of stream) events.push(event);
  } catch (error) {
    return error;
  }
  throw new Error('The stream was expected to fail.');
}

describe('the thread of a GenerationEngine', () => {
  it('fails the opening with the reason when the model does not load, and is not replaced', async () => {
    const { opening, clock, threads } = createEngine();
    const cause = new Error('no such operator');
    threads.at(0).failToStart(cause);
    await expect(opening).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED', cause });
    clock.jump(START_MS);
    expect(threads.started).toHaveLength(1);
  });

  it('fails the opening when the model is not loaded in time', async () => {
    const { opening, clock, threads } = createEngine();
    clock.jump(START_MS);
    threads.at(0).exit();
    await expect(opening).rejects.toMatchObject({
      code: 'MODEL_NOT_LOADED',
      cause: { message: 'The thread was not ready within 60000 ms.' },
    });
  });

  it('fails its running texts with the cause if it dies; waiting ones move to its successor, once', async () => {
    const { sut, threads, notices, step } = await openEngine();
    const [running, waiting] = [sut.generate(REQUEST), sut.generate(REQUEST)];
    step({ received: 2 }, [1]);
    const cause = new Error('out of memory');
    threads.at(0).die(cause);
    const lost = await errorOf(running);
    expect(lost).toBeInstanceOf(AerieError);
    expect(lost).toMatchObject({ code: 'WORKER_LOST', retryable: true, cause });
    expect(notices).toEqual([{ level: 'error', message: 'm@1 lost its thread', cause }]);
    expect(sut.status()).toMatchObject({ state: 'restarting', restarts: 1 });
    threads.at(1).becomeReady(MODEL);
    expect(threads.at(1).posted).toEqual([{ type: 'generate', id: 2, request: REQUEST }]);
    threads.at(1).die(cause);
    expect(await errorOf(waiting)).toMatchObject({ code: 'WORKER_LOST' });
  });

  it('fails waiting texts if its successor does not start, and is replaced after increasing waits', async () => {
    const { sut, clock, threads } = await openEngine();
    threads.at(0).die();
    const waiting = sut.generate(REQUEST);
    threads.at(1).failToStart(new Error('out of memory'));
    expect(await errorOf(waiting)).toMatchObject({ code: 'WORKER_LOST' });
    await settle();
    for (const [position, delayMs] of [100, 200, 400].entries()) {
      clock.jump(delayMs - 1);
      expect(threads.started).toHaveLength(position + 2);
      clock.jump(1);
      threads.at(position + 2).failToStart(new Error('out of memory'));
      await settle();
    }
  });

  it('is replaced if it has work and reports nothing, even if requests still arrive', async () => {
    const { sut, clock, threads } = await openEngine();
    const first = sut.generate(REQUEST);
    for (let sent = 0; sent < 9; sent++) {
      clock.jump(STALL_MS / 10);
      sut.generate(REQUEST);
    }
    expect(threads.at(0).abandoned).toBe(false);
    clock.jump(STALL_MS / 10);
    expect(threads.at(0).abandoned).toBe(true);
    threads.at(1).becomeReady(MODEL);
    expect(threads.at(1).posted).toHaveLength(10);
    await first.return();
  });

  it('restarts its time limit with each step, and stops it when all work is done', async () => {
    const { sut, clock, threads, step } = await openEngine();
    sut.generate(REQUEST);
    clock.jump(STALL_MS - 1);
    step({}, [1]);
    clock.jump(STALL_MS - 1);
    sut.generate(REQUEST);
    // It has not heard of the second request yet.
    step({ hasWork: false });
    expect(clock.armed).not.toEqual([]);
    step({ hasWork: false, received: 2 });
    expect(clock.armed).toEqual([]);
    clock.jump(10 * STALL_MS);
    expect(threads.at(0).abandoned).toBe(false);
    expect(sut.status().sinceProgressMs).toBe(10 * STALL_MS);
  });

  it('closes in order: remaining texts end with SHUTTING_DOWN, and new ones are refused', async () => {
    const { sut, clock, threads } = await openEngine();
    const stream = sut.generate(REQUEST);
    await sut.close();
    expect(await errorOf(stream)).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect([threads.at(0).closeRequested, sut.status().state, clock.armed]).toEqual([true, 'closed', []]);
    expect(() => sut.generate(REQUEST)).toThrow(expect.objectContaining({ code: 'SHUTTING_DOWN' }));
  });
});
