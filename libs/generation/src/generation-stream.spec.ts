import { describe, expect, it, jest } from '@jest/globals';
import { AerieError } from '@aerie/contracts';
import type { GenerationEvent } from './generation-request.js';
import { GenerationStream } from './generation-stream.js';

const text = (piece: string): GenerationEvent => ({ type: 'text', index: 0, text: piece, tokens: 1 });

function setUp() {
  const control = { pause: jest.fn<(paused: boolean) => void>(), cancel: jest.fn<() => void>() };
  return { sut: new GenerationStream(control), control };
}

describe('GenerationStream', () => {
  it('yields events in order, to a waiting reader and to a late one', async () => {
    const { sut } = setUp();
    const early = sut.next();
    for (const piece of ['a', 'b', 'c']) sut.push(text(piece));
    sut.end(null);
    expect((await early).value).toEqual(text('a'));
    const rest: GenerationEvent[] = [];
    for await (const event of sut) rest.push(event);
    expect(rest).toEqual([text('b'), text('c')]);
  });

  it('throws a failure after the events before it, once', async () => {
    const { sut } = setUp();
    sut.push(text('a'));
    sut.end(new AerieError('WORKER_LOST', 'gone'));
    expect(await sut.next()).toEqual({ done: false, value: text('a') });
    await expect(sut.next()).rejects.toThrow('gone');
    expect(await sut.next()).toEqual({ done: true, value: undefined });
  });

  it('throws a failure to a waiting reader', async () => {
    const { sut } = setUp();
    const waiting = sut.next();
    sut.end(new AerieError('TIMEOUT', 'late'));
    await expect(waiting).rejects.toThrow('late');
  });

  it('pauses generation when a reader falls behind, and resumes it when few events are left', async () => {
    const { sut, control } = setUp();
    for (let i = 0; i < 64; i++) sut.push(text(String(i)));
    expect(control.pause.mock.calls).toEqual([[true]]);
    for (let i = 0; i < 47; i++) await sut.next();
    expect(control.pause).toHaveBeenCalledTimes(1);
    await sut.next();
    expect(control.pause.mock.calls).toEqual([[true], [false]]);
  });

  it('cancels the request when its reader leaves the loop', async () => {
    const { sut, control } = setUp();
    sut.push(text('a'));
    sut.push(text('b'));
    for await (const event of sut) {
      expect(event).toEqual(text('a'));
      break;
    }
    expect(control.cancel).toHaveBeenCalledTimes(1);
    expect(await sut.next()).toEqual({ done: true, value: undefined });
  });

  it('does not cancel a request that has ended', async () => {
    const { sut, control } = setUp();
    sut.end(null);
    await sut.return();
    expect(control.cancel).not.toHaveBeenCalled();
  });
});
