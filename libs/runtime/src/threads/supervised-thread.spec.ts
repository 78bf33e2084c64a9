import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock, FakeThreads, settle } from '@aerie/test-support';
import { SupervisedThread, type ThreadLoss, type ThreadOwner } from './supervised-thread.js';
import { spawnWorkerThread } from './worker-thread.js';

const START_MS = 30_000;
const STALL_MS = 60_000;

/** Keeps what its thread reports. */
class Owner implements ThreadOwner<unknown, unknown> {
  readonly events: unknown[] = [];
  readonly losses: ThreadLoss[] = [];
  isWanted = true;
  readonly #waiting: { readonly isThere: () => boolean; readonly resolve: () => void }[] = [];

  ready(value: unknown): void {
    this.#note({ ready: value });
  }

  message(message: unknown): void {
    this.#note(message);
  }

  lost(loss: ThreadLoss): boolean {
    this.losses.push(loss);
    this.#note('lost');
    return this.isWanted;
  }

  until(isThere: () => boolean): Promise<void> {
    if (isThere()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isThere, resolve }));
  }

  #note(event: unknown): void {
    this.events.push(event);
    for (const { isThere, resolve } of this.#waiting) if (isThere()) resolve();
  }
}

function supervise(maxAbandoned?: number) {
  const clock = new FakeClock();
  const threads = new FakeThreads<string, string, number>();
  const owner = new Owner();
  const sut = new SupervisedThread({
    spawn: threads.spawn,
    owner,
    clock,
    startTimeoutMs: START_MS,
    stallTimeoutMs: STALL_MS,
    ...(maxAbandoned === undefined ? {} : { maxAbandoned }),
  });
  sut.start();
  return { sut, clock, threads, owner };
}

function ready() {
  const setup = supervise();
  setup.threads.at(0).becomeReady(1);
  return setup;
}

describe('SupervisedThread', () => {
  it('passes messages on while the thread is ready', () => {
    const { sut, threads, owner, clock } = supervise();
    expect(() => {
      sut.send('too early');
    }).toThrow('not ready');
    threads.at(0).becomeReady(7);
    sut.send('hello');
    threads.at(0).say('hi');
    expect(threads.at(0).posted).toEqual(['hello']);
    expect(owner.events).toEqual([{ ready: 7 }, 'hi']);
    expect(clock.armed).toEqual([]);
  });

  it('abandons a thread that is not ready in time', () => {
    const { sut, threads, owner, clock } = supervise();
    clock.jump(START_MS);
    expect(owner.losses).toEqual([
      { cause: new Error('The thread was not ready within 30000 ms.'), wasReady: false, isStall: false },
    ]);
    expect(threads.at(0).abandoned).toBe(true);
    expect([sut.state, sut.restarts, threads.started.length]).toEqual(['restarting', 1, 2]);
  });

  it('abandons a thread without progress, but not one with progress or without work', () => {
    const { sut, threads, owner, clock } = ready();
    sut.expectProgress();
    clock.jump(STALL_MS - 1);
    sut.expectProgress();
    clock.jump(STALL_MS - 1);
    sut.rest();
    clock.jump(10 * STALL_MS);
    expect(owner.losses).toEqual([]);
    sut.expectProgress();
    clock.jump(STALL_MS);
    expect(owner.losses).toEqual([
      { cause: new Error('The thread made no progress for 60000 ms.'), wasReady: true, isStall: true },
    ]);
    expect([sut.state, threads.started.length]).toEqual(['wedged', 2]);
    threads.at(1).becomeReady(2);
    expect(sut.state).toBe('ready');
  });

  it.each([START_MS, STALL_MS])('does not mistake a suspended machine for a hung thread', (limitMs) => {
    const { sut, threads, owner, clock } = supervise();
    if (limitMs === STALL_MS) {
      threads.at(0).becomeReady(1);
      sut.expectProgress();
    }
    // It slept for a night: one timer is late, and fires when everything goes on.
    clock.block(8 * 3_600_000);
    clock.jump(0);
    clock.jump(limitMs / 2);
    expect(owner.losses).toEqual([]);
    clock.jump(limitMs / 4);
    expect(owner.losses).toHaveLength(1);
  });

  it('replaces a lost thread at once, then after increasing waits', async () => {
    const { sut, threads, clock } = ready();
    const waits: number[] = [];
    for (let loss = 0; loss < 9; loss++) {
      threads.at(loss).die();
      await settle();
      // The wait passes in four slices; without one, the next thread has been started already.
      const [sliceMs = 0] = threads.started.length > loss + 1 ? [] : clock.armed;
      waits.push(sliceMs * 4);
      clock.jump(sliceMs * 4);
      threads.at(loss + 1).becomeReady(loss);
    }
    expect(waits).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000]);
    expect(sut.restarts).toBe(9);
    clock.jump(60_000);
    threads.at(9).die();
    expect(threads.started).toHaveLength(11);
  });

  it('starts no more threads while three abandoned ones still exist', async () => {
    const { sut, threads, clock } = ready();
    for (let stall = 0; stall < 3; stall++) {
      if (stall > 0) threads.at(stall).becomeReady(stall);
      sut.expectProgress();
      clock.jump(STALL_MS);
      clock.jump(1_000);
    }
    expect(threads.started).toHaveLength(3);
    threads.at(0).exit();
    await settle();
    expect(threads.started).toHaveLength(4);
  });

  it('starts none beside another where none may be left behind', async () => {
    const { sut, threads, clock } = supervise(0);
    threads.at(0).becomeReady(1);
    sut.expectProgress();
    clock.jump(STALL_MS);
    clock.jump(60_000);
    expect([threads.started.length, sut.restarts]).toEqual([1, 0]);
    threads.at(0).exit();
    await settle();
    expect([threads.started.length, sut.restarts]).toEqual([2, 1]);
  });

  it('does not replace a thread if its owner does not want it', () => {
    const { threads, owner, clock } = supervise();
    owner.isWanted = false;
    threads.at(0).failToStart(new Error('no such file'));
    clock.jump(60_000);
    expect(threads.started).toHaveLength(1);
    expect(owner.losses[0]?.cause.message).toBe('no such file');
  });

  it('closes in order, and receives nothing more', async () => {
    const { sut, threads, owner, clock } = ready();
    await expect(sut.close()).resolves.toBe(true);
    threads.at(0).die();
    threads.at(0).say('late');
    expect([threads.at(0).closeRequested, sut.state, clock.armed]).toEqual([true, 'closed', []]);
    expect(owner.events).toEqual([{ ready: 1 }]);
  });

  it('ends a thread by force if it does not close, and reports if even that fails', async () => {
    const { sut, threads, clock } = supervise();
    const closed = sut.close();
    expect(threads.at(0)).toMatchObject({ closeRequested: false, abandoned: true });
    await clock.advance(1_000);
    await expect(closed).resolves.toBe(false);
  });
});

describe('SupervisedThread on a worker thread', () => {
  interface Message {
    readonly task: string;
    readonly value?: unknown;
    readonly gate?: Int32Array;
  }

  let opened: SupervisedThread<Message, { readonly echo: unknown }, unknown> | null = null;

  function start(data: object) {
    const owner = new Owner();
    const sut = new SupervisedThread<Message, { readonly echo: unknown }, unknown>({
      spawn: spawnWorkerThread({
        url: new URL('../../test-fixtures/supervised.worker.mjs', import.meta.url),
        name: 'spec',
        data: () => data,
        resourceLimits: { maxOldGenerationSizeMb: 32 },
      }),
      owner,
    });
    opened = sut;
    sut.start();
    return { sut, owner };
  }

  afterEach(async () => {
    await opened?.close();
  });

  it('starts, exchanges messages, and closes', async () => {
    const { sut, owner } = start({ greeting: 'hello' });
    await owner.until(() => owner.events.length === 1);
    sut.send({ task: 'echo', value: [1, 2] });
    await owner.until(() => owner.events.length === 2);
    await expect(sut.close()).resolves.toBe(true);
    expect(owner.events).toEqual([{ ready: { greeting: 'hello' } }, { echo: [1, 2] }]);
  });

  it('passes on why it did not start, with its cause', async () => {
    const { owner } = start({ failure: 'no model' });
    owner.isWanted = false;
    await owner.until(() => owner.losses.length === 1);
    const [{ cause, wasReady } = { cause: null, wasReady: null }] = owner.losses;
    expect(cause).toMatchObject({ name: 'TypeError', message: 'no model', cause: new Error('the reason') });
    expect(wasReady).toBe(false);
  });

  it.each([
    ['throw', { name: 'RangeError', message: 'thrown in the thread' }],
    ['exit', { message: 'The thread exited with code 3.' }],
    // The process lives on.
    ['fill', { code: 'ERR_WORKER_OUT_OF_MEMORY' }],
  ])('is replaced when it ends unexpectedly: %s', async (task, cause) => {
    const { sut, owner } = start({});
    await owner.until(() => owner.events.length === 1);
    sut.send({ task });
    await owner.until(() => owner.events.length === 3);
    expect(owner.losses).toMatchObject([{ cause, wasReady: true, isStall: false }]);
    sut.send({ task: 'echo', value: 'again' });
    await owner.until(() => owner.events.length === 4);
    expect(owner.events.at(-1)).toEqual({ echo: 'again' });
  });

  it('is not ended inside native code, but as soon as that returns', async () => {
    const { sut, owner } = start({});
    await owner.until(() => owner.events.length === 1);
    const gate = new Int32Array(new SharedArrayBuffer(4));
    sut.send({ task: 'native', gate });
    await owner.until(() => owner.events.length === 2);
    sut.lost(new Error('given up'));
    await owner.until(() => owner.events.length === 4);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await expect(sut.close()).resolves.toBe(true);
  });
});
