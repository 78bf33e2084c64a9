import { setEnvironmentData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GenerationEngine } from './generation-engine.js';
import type { GenerationObserver } from './generation-engine-options.js';
import type { GenerationRequest } from './generation-request.js';

const directory = fileURLToPath(new URL('../../../models/smollm2-135m-instruct', import.meta.url));
const REQUEST: GenerationRequest = {
  kind: 'text',
  prompt: 'one two',
  temperature: 0,
  maxTokens: 2,
  ignoreEos: true,
};
/** Elements of the gate: whether runs block, how many did, how many came back. */
const BLOCKED = 0;
const ENTERED = 1;
const RETURNED = 2;

describe('GenerationEngine around native code', () => {
  let gate: Int32Array<SharedArrayBuffer>;
  let engine: GenerationEngine;

  beforeEach(() => {
    gate = new Int32Array(new SharedArrayBuffer(12));
    setEnvironmentData('gate', gate);
  });

  afterEach(async () => {
    release();
    setEnvironmentData('gate', undefined);
    await engine.close();
  });

  function release(): void {
    Atomics.store(gate, BLOCKED, 0);
    Atomics.notify(gate, BLOCKED);
  }

  async function open(options: { readonly cuda?: boolean; readonly observer?: GenerationObserver } = {}) {
    const cpu = { name: 'cpu', deviceId: null };
    engine = await GenerationEngine.open({
      name: 'stand-in',
      directory,
      modelPath: '/stand-in/model.onnx',
      binding: {
        sessionFactoryUrl: new URL('../test-fixtures/blocking-session.mjs', import.meta.url).href,
        control: null,
      },
      providers: options.cuda === true ? [{ name: 'cuda', deviceId: 0 }, cpu] : [cpu],
      startTimeoutMs: 30_000,
      stallTimeoutMs: 150,
      observer: options.observer ?? {},
    });
  }

  async function read(): Promise<number> {
    const stream = engine.generate(REQUEST);
    for await (const event of stream) expect(event.index).toBe(0);
    return stream.usage.completionTokens;
  }

  it('abandons a thread that hangs in native code, without ending it there, and uses another', async () => {
    await open();
    Atomics.store(gate, BLOCKED, 1);
    await expect(read()).rejects.toMatchObject({ code: 'WORKER_LOST' });
    expect([gate[ENTERED], gate[RETURNED]]).toEqual([1, 0]);
    // The successor is started while the old thread is still inside; its own runs must not block.
    Atomics.store(gate, BLOCKED, 0);
    expect(await read()).toBe(2);
    // A thread that had been terminated would never come back from the wait.
    Atomics.notify(gate, BLOCKED);
    expect(Atomics.wait(gate, RETURNED, 0, 5_000)).not.toBe('timed-out');
  }, 30_000);

  it('falls back to the next execution provider, and says so', async () => {
    const notices: unknown[] = [];
    await open({ cuda: true, observer: { onNotice: (notice) => notices.push(notice) } });
    expect(engine.model).toMatchObject({
      provider: 'cpu',
      failedProviders: [{ provider: 'cuda', error: { message: 'cuda is not available' } }],
    });
    expect(notices).toContainEqual({
      level: 'warn',
      message: 'stand-in does not run on cuda',
      cause: new Error('cuda is not available'),
    });
  }, 30_000);
});
