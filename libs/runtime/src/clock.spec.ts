import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@aerie/test-support';
import { backgroundClock, every, MAX_TIMER_MS, systemClock } from './clock.js';

describe.each([
  ['systemClock', systemClock],
  ['backgroundClock', backgroundClock],
])('%s', (_, clock) => {
  it('never decreases', () => {
    const before = clock.now();
    expect(clock.now()).toBeGreaterThanOrEqual(before);
  });

  it('calls back once, unless the timer is canceled first', async () => {
    const fired: string[] = [];
    const cancel = clock.schedule(0, () => fired.push('canceled'));
    cancel();
    await new Promise<void>((resolve) => {
      // Keeps the process alive for the timer of backgroundClock.
      systemClock.schedule(2, resolve);
      clock.schedule(1, () => fired.push('due'));
    });
    cancel();
    expect(fired).toEqual(['due']);
  });

  it('does not fire at once if a delay is too long for a timer', async () => {
    let fired = false;
    const cancel = clock.schedule(MAX_TIMER_MS + 1, () => (fired = true));
    await new Promise<void>((resolve) => systemClock.schedule(2, resolve));
    cancel();
    expect(fired).toBe(false);
  });

  it('runs deferred work after promises', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      clock.defer(() => {
        order.push('deferred');
        resolve();
      });
      void Promise.resolve().then(() => order.push('promise'));
    });
    expect(order).toEqual(['promise', 'deferred']);
  });
});

describe('the process', () => {
  const source = JSON.stringify(new URL('../dist/clock.js', import.meta.url).href);
  const run = (clock: string): string =>
    execFileSync(process.execPath, [
      '--input-type=module',
      '-e',
      `import { ${clock} } from ${source}; ${clock}.schedule(20, () => console.log('fired'));`,
    ]).toString();

  it('is kept alive by timers of systemClock, and not by those of backgroundClock', () => {
    expect(run('systemClock')).toBe('fired\n');
    expect(run('backgroundClock')).toBe('');
  });
});

describe('every', () => {
  it('calls back after each interval until it is stopped, even by the callback', async () => {
    const clock = new FakeClock();
    let calls = 0;
    const stop = every(clock, 100, () => {
      calls += 1;
      if (calls === 3) stop();
    });
    await clock.advance(99);
    expect(calls).toBe(0);
    await clock.advance(1);
    expect(calls).toBe(1);
    await clock.advance(1_000);
    expect(calls).toBe(3);
    expect(clock.armed).toEqual([]);
  });
});
