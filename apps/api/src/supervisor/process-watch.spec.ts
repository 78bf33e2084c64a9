import { FakeClock } from '@aerie/test-support';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HEARTBEAT_MS, ProcessWatch } from './process-watch.js';

let clock: FakeClock;
let sut: ProcessWatch;
const onSilent = jest.fn();

beforeEach(() => {
  clock = new FakeClock();
  sut = new ProcessWatch(clock);
  sut.started(1, onSilent);
});

afterEach(() => {
  sut.stop();
  onSilent.mockReset();
});

/** Lets time pass in steps, so that the checks are not late. */
function pass(seconds: number, eachSecond: () => void = () => undefined): void {
  for (let i = 0; i < seconds; i++) {
    clock.jump(HEARTBEAT_MS);
    eachSecond();
  }
}

describe('the watch over processes', () => {
  it('accepts one that sends heartbeats', () => {
    sut.listening(1);
    pass(60, () => {
      sut.heard(1);
    });
    expect(onSilent).not.toHaveBeenCalled();
  });

  it('reports a silent one once', () => {
    sut.listening(1);
    pass(7);
    expect(onSilent).not.toHaveBeenCalled();
    pass(60);
    expect(onSilent.mock.calls).toEqual([[8_000]]);
  });

  it('allows a starting one more time', () => {
    pass(120, () => {
      sut.heard(1);
    });
    expect(onSilent).not.toHaveBeenCalled();
    pass(1);
    expect(onSilent).toHaveBeenCalledTimes(1);
  });

  it('forgets one that has ended', () => {
    sut.listening(1);
    sut.exited(1);
    pass(60);
    expect(onSilent).not.toHaveBeenCalled();
  });

  it('does not count time during which the machine was suspended, but the time before and after', () => {
    sut.listening(1);
    pass(4);
    clock.block(3_600_000);
    pass(3);
    expect(onSilent).not.toHaveBeenCalled();
    pass(2);
    expect(onSilent).toHaveBeenCalledTimes(1);
  });

  it('ends with its supervisor', () => {
    sut.stop();
    expect(clock.armed).toEqual([]);
  });
});
