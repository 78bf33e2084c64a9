import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeTextEngine } from '../testing/fake-text-engine.js';
import { GenerationModel } from './generation-model.js';

describe('a loaded language model', () => {
  let engine: FakeTextEngine;
  let now: number;
  let sut: GenerationModel;

  const request = { kind: 'text', prompt: 'hello' } as const;
  const show = (status: Partial<FakeTextEngine['current']>) => {
    engine.current = { ...engine.current, ...status };
  };

  beforeEach(() => {
    engine = new FakeTextEngine();
    now = 5_000;
    sut = new GenerationModel({ name: 'chat', version: '1', engine, now: () => now });
  });

  it("has the engine's context length", () => {
    expect(sut.model).toMatchObject({ name: 'chat', version: '1', contextLength: 2048 });
    expect(sut.model.model.generate(request)).toBe(engine.streams[0]);
  });

  it('is not stalled without work, however long ago the last progress was', () => {
    show({ sinceProgressMs: 3_600_000 });
    expect(sut.activity().stalledForMs).toBeNull();
  });

  it('counts a stall from the first request of a busy spell', () => {
    show({ sinceProgressMs: 3_600_000 });
    sut.generate(request);
    now += 40;
    sut.generate(request);
    now += 60;
    expect(sut.activity().stalledForMs).toBe(100);
  });

  it('counts a stall from the last progress, where that is later', () => {
    sut.generate(request);
    now += 5_000;
    show({ sinceProgressMs: 7 });
    expect(sut.activity().stalledForMs).toBe(7);
  });

  it('does not count a text that waits for its reader as work', () => {
    sut.generate(request);
    now += 5_000;
    show({ sinceProgressMs: 5_000 });
    for (const each of engine.streams) each.paused = true;
    expect(sut.activity().stalledForMs).toBeNull();
  });

  it('forgets texts that ended', () => {
    sut.generate(request);
    now += 5_000;
    show({ sinceProgressMs: 5_000 });
    for (const each of engine.streams) each.ended = true;
    expect(sut.activity().stalledForMs).toBeNull();
  });

  it.each([
    [{ state: 'ready', running: 0 }, 'idle'],
    [{ state: 'ready', running: 3 }, 'busy'],
    [{ state: 'restarting', running: 0 }, 'restarting'],
    [{ state: 'closed', running: 0 }, 'closed'],
  ] as const)('shows an engine that is %p as a replica that is %s', (status, state) => {
    show({ ...status, restarts: 2 });
    expect(sut.replicas()).toEqual([{ index: 0, state, provider: 'cpu', deviceId: null, restarts: 2 }]);
  });

  it('reports its queue, and passes on faults and the close', async () => {
    show({ running: 2, waiting: 5 });
    expect(sut.activity()).toMatchObject({ queueLength: 5, runningBatches: 1 });
    expect(sut.generation()).toBe(engine.current);
    sut.injectFault('die');
    await sut.close();
    expect([engine.faults, engine.closed]).toEqual([['die'], true]);
  });
});
