import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { STOP_SIGNALS, stopOnSignal } from './stop-on-signal.js';

const EVENTS = STOP_SIGNALS;

const exit = jest.fn();
const kill = jest.fn();

beforeEach(() => {
  jest.useFakeTimers();
  jest.spyOn(process, 'exit').mockImplementation(exit as unknown as typeof process.exit);
  jest.spyOn(process, 'kill').mockImplementation(kill as unknown as typeof process.kill);
});

afterEach(() => {
  for (const event of EVENTS) process.removeAllListeners(event);
  jest.restoreAllMocks();
  jest.resetAllMocks();
  jest.useRealTimers();
});

function newProcess() {
  const logger = { fatal: jest.fn() };
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const stopping = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  const stop = jest.fn(() => stopping);
  stopOnSignal({ events: EVENTS, deadlineMs: 1_000, logger, stop });
  return { logger, stop, resolve, reject };
}

/** Lets callbacks of settled promises run. */
const settle = () => jest.advanceTimersByTimeAsync(0);

describe('a process that is asked to stop', () => {
  it('stops once, and ends with 0 when it is done', async () => {
    const { stop, resolve } = newProcess();
    process.emit('SIGINT');
    process.emit('SIGTERM');
    expect(stop.mock.calls).toEqual([['SIGINT']]);
    await settle();
    expect(exit).not.toHaveBeenCalled();
    resolve();
    await settle();
    expect(exit.mock.calls).toEqual([[0]]);
    expect(kill).not.toHaveBeenCalled();
  });

  it('is killed at the deadline, not before', () => {
    const { logger } = newProcess();
    process.emit('SIGTERM');
    jest.advanceTimersByTime(999);
    expect(kill).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGKILL']]);
    // Only a fatal line is written at once; others would be lost.
    expect(logger.fatal).toHaveBeenCalledTimes(1);
  });

  it('ends at once if its stop fails', async () => {
    const { logger, reject } = newProcess();
    const err = new Error('no');
    process.emit('SIGTERM');
    reject(err);
    await settle();
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGKILL']]);
    expect(exit).not.toHaveBeenCalled();
    expect(logger.fatal.mock.calls).toEqual([[{ err }, 'the stop failed']]);
  });
});
