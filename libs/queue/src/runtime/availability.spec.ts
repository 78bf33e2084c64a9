import { FakeClock, MemoryLogger } from '@aerie/test-support';
import { describe, expect, it } from '@jest/globals';
import { Availability } from './availability.js';

async function setUp() {
  const sut = new Availability({
    prepare: () => Promise.resolve(),
    ping: () => Promise.resolve(),
    operationTimeoutMs: 1_000,
    logger: new MemoryLogger(),
  });
  const up = new Promise<void>((resolve) => {
    sut.onUp(resolve);
  });
  sut.start();
  await up;
  return sut;
}

describe('a backend that starts', () => {
  it('is waited for as long as an operation may take, also by bulk operations', async () => {
    const clock = new FakeClock();
    const sut = new Availability({
      prepare: () => new Promise(() => undefined),
      ping: () => Promise.resolve(),
      operationTimeoutMs: 1_000,
      logger: new MemoryLogger(),
      clock,
    });
    sut.start();
    const ends = [sut.use(() => Promise.resolve()), sut.use(() => Promise.resolve(), 30_000)].map((use) =>
      use.catch((error: unknown) => error),
    );
    await clock.advance(1_000);
    for (const end of ends) expect(await end).toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    sut.close();
  });
});

describe('a full backend', () => {
  it.each([
    ['Redis', new Error("OOM command not allowed when used memory > 'maxmemory'.")],
    ['Redis on a full disk', new Error('MISCONF Errors writing to the AOF file: No space left on device')],
    ['PostgreSQL', Object.assign(new Error('could not extend file'), { code: '53100' })],
    ['a file system', Object.assign(new Error('write'), { code: 'ENOSPC' })],
  ])('refuses the write and is not reported as unreachable: %s', async (_, error) => {
    const sut = await setUp();
    await expect(sut.use(() => Promise.reject(error))).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(sut.state).toBe('up');
    sut.close();
  });

  it('differs from an unreachable one', async () => {
    const sut = await setUp();
    await expect(sut.use(() => Promise.reject(new Error('reset')))).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
    });
    sut.close();
  });
});
