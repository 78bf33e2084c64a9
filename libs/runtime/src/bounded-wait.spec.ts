import { describe, expect, it } from '@jest/globals';
import { FakeClock, settle } from '@aerie/test-support';
import { settlesWithin, sleep, TimeLimitError, untilAborted, within } from './bounded-wait.js';

const never = new Promise<never>(() => undefined);
const left = new Error('left');

/** The outcome of a promise so far. */
function watch(promise: Promise<unknown>): { readonly outcome: unknown } {
  const watched = { outcome: 'pending' as unknown };
  promise.then(
    (value) => (watched.outcome = value),
    (error: unknown) => (watched.outcome = error),
  );
  return watched;
}

describe('sleep', () => {
  it('resolves after its time', async () => {
    const clock = new FakeClock();
    const slept = watch(sleep(100, undefined, clock));
    await clock.advance(99);
    expect(slept.outcome).toBe('pending');
    await clock.advance(1);
    expect(slept.outcome).toBeUndefined();
  });

  it.each(['before', 'meanwhile'])('rejects with the reason of a signal that aborts %s', async (when) => {
    const clock = new FakeClock();
    const controller = new AbortController();
    if (when === 'before') controller.abort(left);
    const slept = watch(sleep(100, controller.signal, clock));
    controller.abort(left);
    await settle();
    expect(slept.outcome).toBe(left);
    expect(clock.armed).toEqual([]);
  });
});

describe('within', () => {
  it('settles like a promise that settles in time', async () => {
    const clock = new FakeClock();
    await expect(within(Promise.resolve(1), 10, clock)).resolves.toBe(1);
    await expect(within(Promise.reject(left), 10, clock)).rejects.toBe(left);
    expect(clock.armed).toEqual([]);
  });

  it('rejects with the limit if there is no result in time, and ignores a late failure', async () => {
    const clock = new FakeClock();
    let fail = (_: Error): void => undefined;
    const late = new Promise<never>((_, reject) => (fail = reject));
    const waited = watch(within(late, 10, clock));
    await clock.advance(10);
    expect(waited.outcome).toEqual(new TimeLimitError(10));
    fail(left);
    await settle();
  });
});

describe('settlesWithin', () => {
  it.each([
    ['a result', Promise.resolve(), true],
    ['a failure', Promise.reject(left), true],
    ['nothing', never, false],
  ])('returns whether %s settles in time', async (_, promise, expected) => {
    const clock = new FakeClock();
    const settled = watch(settlesWithin(promise, 10, clock));
    await settle();
    await clock.advance(10);
    expect(settled.outcome).toBe(expected);
    expect(clock.armed).toEqual([]);
  });
});

describe('untilAborted', () => {
  it('returns the result if the signal does not abort', async () => {
    await expect(untilAborted(Promise.resolve(1), undefined)).resolves.toBe(1);
    await expect(untilAborted(Promise.resolve(1), new AbortController().signal)).resolves.toBe(1);
    await expect(untilAborted(Promise.reject(left), new AbortController().signal)).rejects.toBe(left);
  });

  it('rejects with the reason of the signal', async () => {
    const controller = new AbortController();
    const waited = watch(untilAborted(never, controller.signal));
    controller.abort(left);
    await settle();
    expect(waited.outcome).toBe(left);
    await expect(untilAborted(Promise.reject(new Error('late')), controller.signal)).rejects.toBe(left);
  });
});
