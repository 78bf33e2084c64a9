import { describe, expect, it, jest } from '@jest/globals';
import { FakeDecoder } from '../testing/fake.decoder.js';
import { TokenBytes } from '../text/token-bytes.js';
import { FaultyDecoder } from './faulty.decoder.js';
import { GenerationHost } from './generation-host.js';
import type { FromWorker } from './messages.js';

function setUp() {
  const posted: FromWorker[] = [];
  const decoder = new FaultyDecoder(new FakeDecoder(2));
  const vocab = Object.fromEntries(Array.from({ length: 26 }, (_, id) => [String.fromCharCode(97 + id), id]));
  const sut = new GenerationHost({
    post: (message) => posted.push(message),
    injectFault: (fault) => decoder.inject(fault),
    scheduler: {
      decoder,
      environment: {
        eosIds: new Set(),
        contextLength: 64,
        tokenBytes: TokenBytes.from({ model: { vocab } }),
      },
      maxSlots: 2,
      chunkSize: 8,
      kvBudgetTokens: 128,
      prefixCacheBytes: 0,
      encode: () => [1, 2, 3],
      now: () => 0,
    },
  });
  const generate = (id: number, maxTokens = 3): void => {
    sut.receive({ type: 'generate', id, request: { kind: 'text', prompt: 'x', maxTokens, temperature: 0 } });
  };
  const ended = (): number[] =>
    posted
      .flatMap((message) => (message.type === 'step' ? message.updates : []))
      .flatMap((update) => (update.type === 'ended' ? [update.id] : []));
  return { sut, posted, generate, ended };
}

describe('GenerationHost', () => {
  it('serves a request that follows messages which left nothing to do', async () => {
    const { sut, generate, ended } = setUp();
    sut.receive({ type: 'cancel', id: 99 });
    sut.receive({ type: 'pause', id: 99, paused: true });
    generate(1);
    await sut.idle();
    generate(2);
    await sut.idle();
    expect(ended()).toEqual([1, 2]);
  });

  it('posts once per run of the model for all streams, and once more when it becomes idle', async () => {
    const { sut, posted, generate } = setUp();
    generate(1);
    generate(2);
    await sut.idle();
    const runs = posted.flatMap((message) => (message.type === 'step' ? message.steps : []));
    expect(runs.map(({ kind, rows }) => [kind, rows])).toEqual([
      ['prefill', 1],
      ['decode', 1],
      ['prefill', 1],
      ['decode', 2],
      ['decode', 1],
    ]);
    expect(posted.filter((message) => message.type === 'step' && message.steps.length > 0)).toHaveLength(5);
    expect(posted.at(-1)).toMatchObject({
      type: 'step',
      updates: [],
      state: { hasWork: false, running: 0, received: 2 },
    });
  });

  it('reports a failed run and continues', async () => {
    const { sut, posted, generate, ended } = setUp();
    sut.receive({ type: 'fault', kind: 'throw' });
    generate(1);
    await sut.idle();
    generate(2);
    await sut.idle();
    expect(posted.filter(({ type }) => type === 'fault')).toEqual([
      { type: 'fault', error: expect.objectContaining({ message: 'fault injected for a test' }) },
    ]);
    expect(ended()).toEqual([1, 2]);
  });

  it('stops after the current run when it is closed', async () => {
    const { sut, generate, ended } = setUp();
    generate(1, 50);
    await sut.close();
    expect(ended()).toEqual([]);
  });

  it('leaves no timers behind', () => {
    jest.useFakeTimers();
    const { generate } = setUp();
    generate(1);
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
});
