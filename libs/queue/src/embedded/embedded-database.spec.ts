import { FakeClock, FakeThreads, settle } from '@aerie/test-support';
import { describe, expect, it } from '@jest/globals';
import { DataDirInUseError } from './data-dir-in-use.error.js';
import { type DatabaseReport, EmbeddedDatabase } from './embedded-database.js';

const START_MS = 60_000;
const STALL_MS = 600_000;

function createDatabase() {
  const clock = new FakeClock();
  const threads = new FakeThreads<'open', DatabaseReport, null>();
  const crashes: Error[] = [];
  const troubles: Error[] = [];
  const sut = new EmbeddedDatabase(
    '/data',
    { onCrash: (error) => crashes.push(error), onTrouble: (error) => troubles.push(error) },
    { clock, spawn: threads.spawn },
  );
  return { sut, clock, threads, crashes, troubles };
}

async function openDatabase() {
  const setup = createDatabase();
  const claimed = setup.sut.claim();
  setup.threads.at(0).becomeReady(null);
  await claimed;
  const opened = setup.sut.open();
  setup.threads.at(0).say({ type: 'open' });
  await opened;
  return setup;
}

describe('EmbeddedDatabase', () => {
  it('claims the directory first, and opens the database on request', async () => {
    const { sut, threads } = createDatabase();
    const claimed = sut.claim();
    threads.at(0).becomeReady(null);
    await claimed;
    expect(threads.at(0).posted).toEqual([]);
    const opened = sut.open();
    expect(threads.at(0).posted).toEqual(['open']);
    threads.at(0).say({ type: 'open' });
    await opened;
  });

  it('does not start if another server uses the directory', async () => {
    const { sut, clock, threads, crashes } = createDatabase();
    const claimed = sut.claim();
    const refusal = new Error('in use');
    refusal.name = 'DataDirInUseError';
    threads.at(0).failToStart(refusal);
    await expect(claimed).rejects.toBeInstanceOf(DataDirInUseError);
    clock.jump(START_MS);
    expect([threads.started.length, crashes]).toEqual([1, []]);
  });

  it('does not start if the directory cannot be claimed in time', async () => {
    const { sut, clock, threads } = createDatabase();
    const claimed = sut.claim();
    clock.jump(START_MS);
    await expect(claimed).rejects.toThrow('not ready within 60000 ms');
    expect(threads.at(0).abandoned).toBe(true);
  });

  it('opens again in another thread when its own was lost', async () => {
    const { threads, crashes } = await openDatabase();
    const cause = new Error('out of memory');
    threads.at(0).die(cause);
    await settle();
    expect(crashes).toEqual([cause]);
    threads.at(1).becomeReady(null);
    expect(threads.at(1).posted).toEqual(['open']);
  });

  it('claims the directory again, but opens nothing, if its thread was lost before it was opened', async () => {
    const { sut, threads } = createDatabase();
    const claimed = sut.claim();
    threads.at(0).becomeReady(null);
    await claimed;
    threads.at(0).die();
    await settle();
    const opened = sut.open();
    expect(threads.at(1).posted).toEqual([]);
    threads.at(1).becomeReady(null);
    threads.at(1).say({ type: 'open' });
    await opened;
  });

  it('reports why it could not be opened, and tries again after increasing waits', async () => {
    const { sut, clock, threads, crashes } = createDatabase();
    const claimed = sut.claim();
    threads.at(0).becomeReady(null);
    await claimed;
    const opened = sut.open();
    const cause = new Error('disk full');
    threads.at(0).die(cause);
    await expect(opened).rejects.toMatchObject({ cause });
    await settle();
    for (const [position, delayMs] of [100, 200, 400].entries()) {
      threads.at(position + 1).becomeReady(null);
      threads.at(position + 1).die(cause);
      await settle();
      clock.jump(delayMs - 1);
      expect(threads.started).toHaveLength(position + 2);
      clock.jump(1);
      expect(threads.started).toHaveLength(position + 3);
    }
    expect(crashes).toHaveLength(4);
  });

  it('is replaced if no round of housekeeping ends, but not before its thread has ended', async () => {
    const { clock, threads, crashes, troubles } = await openDatabase();
    clock.jump(STALL_MS - 1);
    threads.at(0).say({ type: 'round', trouble: null });
    clock.jump(STALL_MS - 1);
    const trouble = { name: 'Error', message: 'disk full', stack: undefined, cause: undefined };
    threads.at(0).say({ type: 'round', trouble });
    clock.jump(STALL_MS - 1);
    expect([crashes, troubles]).toEqual([[], [new Error('disk full')]]);
    clock.jump(1);
    expect(crashes).toEqual([new Error('The thread made no progress for 600000 ms.')]);
    await settle();
    expect([threads.at(0).abandoned, threads.started.length]).toEqual([true, 1]);
    threads.at(0).exit();
    await settle();
    expect(threads.started).toHaveLength(2);
  });

  it('closes in order, also while it opens', async () => {
    const { sut, clock, threads, crashes } = createDatabase();
    const claimed = sut.claim();
    threads.at(0).becomeReady(null);
    await claimed;
    const opened = sut.open();
    await Promise.all([sut.close(), expect(opened).resolves.toBe('closed')]);
    expect([threads.at(0).closeRequested, clock.armed, crashes]).toEqual([true, [], []]);
  });
});
