import { describe, expect, it, jest } from '@jest/globals';
import { BoundedGate } from './bounded-gate.js';

/** Work that runs until the test ends it. */
function newWork() {
  const { promise, resolve, reject } = deferred();
  const work = jest.fn(() => promise);
  return { work, finish: resolve, fail: reject };
}

function deferred() {
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('a gate', () => {
  it('runs up to the limit at once and starts the others in the order of arrival', async () => {
    const gate = new BoundedGate('tests', 2, 10);
    const works = [newWork(), newWork(), newWork(), newWork()];
    const runs = works.map(({ work }) => gate.run(work));
    const started = () => works.map(({ work }) => work.mock.calls.length);
    expect(started()).toEqual([1, 1, 0, 0]);
    expect(gate).toMatchObject({ running: 2, waiting: 2 });
    works[1]?.finish('b');
    await expect(runs[1]).resolves.toBe('b');
    expect(started()).toEqual([1, 1, 1, 0]);
    works[0]?.finish('a');
    await runs[0];
    expect(started()).toEqual([1, 1, 1, 1]);
    works[2]?.finish('c');
    works[3]?.finish('d');
    await expect(Promise.all(runs)).resolves.toEqual(['a', 'b', 'c', 'd']);
    expect(gate).toMatchObject({ running: 0, waiting: 0 });
  });

  it('refuses at once if too many wait, and names the work', async () => {
    const gate = new BoundedGate('image decoding', 1, 1);
    const [running, waiting, refused] = [newWork(), newWork(), newWork()];
    const runs = [gate.run(running.work), gate.run(waiting.work)];
    await expect(gate.run(refused.work)).rejects.toMatchObject({
      code: 'OVERLOADED',
      message: 'Too many requests wait for image decoding: the limit is 1. Try again shortly.',
    });
    expect(refused.work).not.toHaveBeenCalled();
    running.finish('a');
    waiting.finish('b');
    await expect(Promise.all(runs)).resolves.toEqual(['a', 'b']);
  });

  it('gives the place of failed work to the next', async () => {
    const gate = new BoundedGate('tests', 1, 1);
    const [bad, good] = [newWork(), newWork()];
    const runs = [gate.run(bad.work), gate.run(good.work)] as const;
    bad.fail(new Error('broken'));
    await expect(runs[0]).rejects.toThrow('broken');
    good.finish('fine');
    await expect(runs[1]).resolves.toBe('fine');
    expect(gate.running).toBe(0);
  });

  it('gives the place of work that throws at once to the next', async () => {
    const gate = new BoundedGate('tests', 1, 0);
    const run = gate.run(() => {
      throw new Error('broken');
    });
    await expect(run).rejects.toThrow('broken');
    await expect(gate.run(async () => 'fine')).resolves.toBe('fine');
  });

  it('drops a waiting call that aborts, and frees its place in the queue', async () => {
    const gate = new BoundedGate('tests', 1, 1);
    const [running, gone, next] = [newWork(), newWork(), newWork()];
    const controller = new AbortController();
    const first = gate.run(running.work);
    const second = gate.run(gone.work, controller.signal);
    const reason = new Error('left');
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    expect(gate.waiting).toBe(0);
    const third = gate.run(next.work);
    running.finish('a');
    await first;
    next.finish('c');
    await expect(third).resolves.toBe('c');
    expect(gone.work).not.toHaveBeenCalled();
    expect(gate.running).toBe(0);
  });

  it('does not start a call that aborts when it is admitted, and passes the place on', async () => {
    const gate = new BoundedGate('tests', 1, 2);
    const [running, gone, next] = [newWork(), newWork(), newWork()];
    const controller = new AbortController();
    const first = gate.run(running.work);
    const second = gate.run(gone.work, controller.signal);
    const third = gate.run(next.work);
    running.finish('a');
    void first.then(() => undefined);
    // The place was handed over; the one it was handed to has not run yet.
    for (let turns = 0; gate.waiting === 2 && turns < 100; turns++) await Promise.resolve();
    controller.abort(new Error('left'));
    await expect(second).rejects.toThrow('left');
    expect(gone.work).not.toHaveBeenCalled();
    next.finish('c');
    await expect(third).resolves.toBe('c');
    expect(gate.running).toBe(0);
  });

  it('does not start a call that has already aborted', async () => {
    const gate = new BoundedGate('tests', 1, 1);
    const { work } = newWork();
    await expect(gate.run(work, AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
    expect(work).not.toHaveBeenCalled();
    expect(gate.running).toBe(0);
  });
});
