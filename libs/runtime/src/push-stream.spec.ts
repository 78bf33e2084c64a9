import { describe, expect, it, jest } from '@jest/globals';
import { settle } from '@aerie/test-support';
import { PushStream, type PushStreamOptions, type StreamOutcome } from './push-stream.js';

/** The report of a stream that was left, stopped or aborted. */
const CANCELED = ['canceled', null];
const END = { done: true, value: undefined };
const LOST = new Error('lost');

const item = (value: string) => ({ done: false, value });

/** A stream and everything that it reports to its writer. */
function newStream(options: PushStreamOptions<string> = {}) {
  const onPause = jest.fn<(isPaused: boolean) => void>();
  const onEnd = jest.fn<(outcome: StreamOutcome, error: unknown) => void>();
  return { sut: new PushStream<string>({ onPause, onEnd, ...options }), onPause, ended: onEnd.mock.calls };
}

/** A stream whose generator yields scripted items, waits for its signal and records what happened. */
function newWritten(options: PushStreamOptions<string> = {}, ...items: readonly string[]) {
  const log: string[] = [];
  async function* source(stopped: AbortSignal): AsyncGenerator<string, undefined> {
    log.push('begun');
    try {
      for (const each of items) {
        yield each;
        log.push(`${each} read`);
      }
      await new Promise((_, reject) => {
        const stop = (): void => {
          reject(stopped.reason as Error);
        };
        if (stopped.aborted) stop();
        else stopped.addEventListener('abort', stop);
      });
    } finally {
      await settle();
      log.push('cleaned up');
    }
  }
  return { ...newStream({ source, ...options }), log };
}

describe('a stream that is pushed', () => {
  it('yields items in order, to a waiting reader and to a late one', async () => {
    const { sut, ended } = newStream();
    const early = sut.next();
    for (const each of ['a', 'b', 'c']) sut.push(each);
    sut.end();
    sut.push('late');
    expect(await early).toEqual(item('a'));
    const rest: string[] = [];
    for await (const each of sut) rest.push(each);
    expect(rest).toEqual(['b', 'c']);
    expect(await sut.next()).toEqual(END);
    expect(ended).toEqual([['completed', null]]);
  });

  it('throws an error once, after the items before it', async () => {
    const { sut, ended } = newStream();
    sut.push('a');
    sut.end(LOST);
    sut.end(new Error('a second one'));
    expect(sut.ended).toBe(true);
    expect(await sut.next()).toEqual(item('a'));
    await expect(sut.next()).rejects.toBe(LOST);
    expect(await sut.next()).toEqual(END);
    expect(ended).toEqual([['failed', LOST]]);
  });

  it('throws an error to a waiting reader, once', async () => {
    const { sut } = newStream();
    const waiting = sut.next();
    sut.end(LOST);
    await expect(waiting).rejects.toBe(LOST);
    expect(await sut.next()).toEqual(END);
  });

  it('pauses at its high-water mark and resumes at its low-water mark', async () => {
    const { sut, onPause } = newStream({ highWater: 4, lowWater: 1 });
    for (const each of ['a', 'b', 'c']) sut.push(each);
    expect([sut.paused, onPause.mock.calls]).toEqual([false, []]);
    sut.push('d');
    sut.push('over it');
    expect([sut.paused, onPause.mock.calls]).toEqual([true, [[true]]]);
    for (let reads = 0; reads < 3; reads++) await sut.next();
    expect(onPause.mock.calls).toEqual([[true]]);
    await sut.next();
    expect([sut.paused, onPause.mock.calls]).toEqual([false, [[true], [false]]]);
  });

  it('tells a waiting writer that its item was read, or that it will not be read', async () => {
    const { sut } = newStream();
    const read = jest.fn<(isRead: boolean) => void>();
    const reader = sut.next();
    await expect(sut.write('a')).resolves.toBe(true);
    await reader;
    void sut.write('b').then(read);
    void sut.write('c').then(read);
    await settle();
    expect(read).not.toHaveBeenCalled();
    await sut.next();
    await settle();
    expect(read.mock.calls).toEqual([[true]]);
    await sut.return();
    await settle();
    expect(read.mock.calls).toEqual([[true], [false]]);
    await expect(sut.write('d')).resolves.toBe(false);
  });

  it('is canceled once when its reader leaves the loop', async () => {
    const { sut, ended } = newStream();
    sut.push('a');
    sut.push('b');
    for await (const each of sut) {
      expect(each).toBe('a');
      break;
    }
    await sut.return();
    sut.fail(LOST);
    expect(ended).toEqual([CANCELED]);
    expect(await sut.next()).toEqual(END);
  });

  it('is canceled when its reader leaves while it waits', async () => {
    const { sut, ended } = newStream();
    const waiting = sut.next();
    await sut.return();
    await expect(waiting).resolves.toEqual(END);
    expect(ended).toEqual([CANCELED]);
  });

  it('is not canceled when it has ended', async () => {
    const { sut, ended } = newStream();
    sut.end(LOST);
    await sut.return();
    expect(await sut.next()).toEqual(END);
    expect(ended).toEqual([['failed', LOST]]);
  });

  it('refuses a second reader', async () => {
    const { sut } = newStream();
    const first = sut.next();
    await expect(sut.next()).rejects.toThrow('A stream has one reader. This is a bug.');
    sut.end();
    await first;
  });
});

describe('a stream with a signal', () => {
  it('ends when the signal aborts, with the reason after the pushed items', async () => {
    const controller = new AbortController();
    const { sut, ended } = newStream({ signal: controller.signal });
    sut.push('a');
    controller.abort(LOST);
    expect(await sut.next()).toEqual(item('a'));
    await expect(sut.next()).rejects.toBe(LOST);
    expect(await sut.next()).toEqual(END);
    expect(ended).toEqual([CANCELED]);
  });

  it('ends with the error that the reason is translated to', async () => {
    const controller = new AbortController();
    const { sut } = newStream({
      signal: controller.signal,
      toAbortError: (reason) => new Error('translated', { cause: reason }),
    });
    const waiting = sut.next();
    controller.abort(LOST);
    await expect(waiting).rejects.toMatchObject({ message: 'translated', cause: LOST });
  });

  it('has ended if the signal aborted before', async () => {
    const { sut, log, ended } = newWritten({ signal: AbortSignal.abort(LOST) }, 'a');
    await expect(sut.next()).rejects.toBe(LOST);
    expect([log, ended]).toEqual([[], [CANCELED]]);
  });

  it.each(['end', 'return'] as const)('no longer listens to the signal after its %s', async (how) => {
    const { signal } = new AbortController();
    const remove = jest.spyOn(signal, 'removeEventListener');
    const { sut } = newStream({ signal });
    await sut[how]();
    expect(remove).toHaveBeenCalledTimes(1);
  });
});

describe('a stream that a generator writes', () => {
  it('starts at the first read and does not run ahead of the reader', async () => {
    const { sut, log } = newWritten({}, 'a', 'b');
    await settle();
    expect(log).toEqual([]);
    expect(await sut.next()).toEqual(item('a'));
    await settle();
    expect(log).toEqual(['begun']);
    expect(await sut.next()).toEqual(item('b'));
    expect(log).toEqual(['begun', 'a read']);
    await sut.return();
  });

  it('ends with its generator, and throws its error', async () => {
    async function* source(): AsyncGenerator<string, undefined> {
      yield await Promise.resolve('a');
    }
    const { sut, ended } = newStream({ source });
    expect(await sut.next()).toEqual(item('a'));
    expect([await sut.next(), await sut.next()]).toEqual([END, END]);
    expect(ended).toEqual([['completed', null]]);
    const failing = newStream({
      source: async function* () {
        yield await Promise.resolve('a');
        throw LOST;
      },
    });
    await failing.sut.next();
    await expect(failing.sut.next()).rejects.toBe(LOST);
    expect(await failing.sut.next()).toEqual(END);
  });

  it('never starts if its reader leaves before the first read', async () => {
    const { sut, log, ended } = newWritten({}, 'a');
    await sut.return();
    expect([log, await sut.next(), ended]).toEqual([[], END, [CANCELED]]);
  });

  it('cleans up before return() resolves if the reader leaves between two reads', async () => {
    const { sut, log } = newWritten({}, 'a', 'b');
    for await (const each of sut) {
      expect(each).toBe('a');
      break;
    }
    expect(log).toEqual(['begun', 'cleaned up']);
  });

  it('is stopped if its reader leaves during a read', async () => {
    const { sut, log } = newWritten({});
    const waiting = sut.next();
    await sut.return();
    await expect(waiting).resolves.toEqual(END);
    expect(log).toEqual(['begun', 'cleaned up']);
  });

  it('is stopped by an external error, which a waiting reader gets after the cleanup', async () => {
    const { sut, log, ended } = newWritten({});
    const waiting = sut.next();
    sut.fail(LOST);
    sut.fail(new Error('a second one'));
    await expect(waiting).rejects.toBe(LOST);
    expect(log).toEqual(['begun', 'cleaned up']);
    expect([await sut.next(), ended]).toEqual([END, [CANCELED]]);
  });

  it('is stopped by an external error between two reads', async () => {
    const { sut, log } = newWritten({}, 'a', 'b');
    await sut.next();
    sut.fail(LOST);
    await settle();
    await settle();
    expect(log).toEqual(['begun', 'cleaned up']);
    await expect(sut.next()).rejects.toBe(LOST);
    expect(await sut.next()).toEqual(END);
  });

  it('reports a failed cleanup to a reader that leaves', async () => {
    const { sut } = newStream({
      source: async function* (): AsyncGenerator<string, undefined> {
        try {
          yield await Promise.resolve('a');
        } finally {
          await Promise.reject(LOST);
        }
      },
    });
    await sut.next();
    await expect(sut.return()).rejects.toBe(LOST);
  });
});
