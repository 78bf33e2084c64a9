import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { STOP_SIGNALS, loadSettings } from '@aerie/config';
import type { PinoLogger } from '@aerie/observability';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { isMessage } from './messages.js';
import { Supervisor } from './supervisor.js';

const SIGNALS = [...STOP_SIGNALS, 'SIGUSR1', 'SIGUSR2'] as const;

/** A fake HTTP process. */
class FakeWorker extends EventEmitter {
  readonly id = workers.length + 1;
  dead = false;
  readonly process = { pid: 1, kill: jest.fn() };
  readonly send = jest.fn((_message: object) => true);

  isConnected(): boolean {
    return !this.dead;
  }

  isDead(): boolean {
    return this.dead;
  }

  exit(code: number | null, signal: string | null = null): void {
    this.dead = true;
    this.emit('exit', code, signal);
  }
}

let workers: FakeWorker[];

beforeEach(() => {
  workers = [];
  jest.useFakeTimers();
  jest.spyOn(cluster, 'fork').mockImplementation(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker as unknown as Worker;
  });
  Object.defineProperty(cluster, 'workers', { configurable: true, writable: true, value: workers });
});

afterEach(() => {
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function start(variables: Readonly<Record<string, string>> = {}) {
  const onListening = jest.fn();
  const logger = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  const settings = loadSettings(variables, import.meta.dirname);
  const done = new Supervisor(settings, logger as unknown as PinoLogger, onListening).run();
  return { done, onListening, logger };
}

const listen = (worker: FakeWorker | undefined, port = 8000) =>
  worker?.emit('message', { type: 'listening', port });

describe('the supervisor', () => {
  it('starts the processes and reports once that all of them listen', () => {
    const { onListening } = start({ WORKERS: '2' });
    expect(workers).toHaveLength(2);
    listen(workers[0]);
    expect(onListening).not.toHaveBeenCalled();
    listen(workers[1]);
    expect(onListening.mock.calls).toEqual([[8000]]);
  });

  it('replaces a dead process on the same port, after increasing pauses', () => {
    start({ PORT: '0' });
    listen(workers[0], 4321);
    workers[0]?.exit(null, 'SIGSEGV');
    jest.advanceTimersByTime(99);
    expect(workers).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(workers).toHaveLength(2);
    expect(jest.mocked(cluster.fork).mock.calls[1]).toEqual([{ PORT: '4321' }]);
    workers[1]?.exit(1);
    jest.advanceTimersByTime(199);
    expect(workers).toHaveLength(2);
    jest.advanceTimersByTime(1);
    expect(workers).toHaveLength(3);
  });

  it('lets a replacement share the socket of the others, even if the system chose its port', () => {
    start({ PORT: '0', WORKERS: '2' });
    for (const worker of workers) listen(worker, 4321);
    workers[0]?.exit(null, 'SIGKILL');
    jest.advanceTimersByTime(100);
    workers[1]?.exit(null, 'SIGKILL');
    workers[2]?.exit(null, 'SIGKILL');
    jest.advanceTimersByTime(1_000);
    const asked = ['0', '0', '0', '4321', '4321'].map((PORT) => [{ PORT }]);
    expect(jest.mocked(cluster.fork).mock.calls).toEqual(asked);
  });

  it.each([
    [78, null, 78],
    [0, null, 1],
    [null, 'SIGSEGV', 1],
  ])(
    'gives up when the first start ends with code %s, signal %s: exit code %d',
    async (code, signal, expected) => {
      const { done } = start();
      workers[0]?.exit(code, signal);
      await expect(done).resolves.toBe(expected);
      expect(workers).toHaveLength(1);
    },
  );

  it('passes a signal on once and ends when the processes have', async () => {
    const { done } = start();
    listen(workers[0]);
    process.emit('SIGINT');
    process.emit('SIGTERM');
    expect(workers[0]?.process.kill.mock.calls).toEqual([['SIGTERM']]);
    workers[0]?.exit(0);
    await expect(done).resolves.toBe(0);
  });

  it.each(STOP_SIGNALS)('drains on %s', async (signal) => {
    const { done } = start();
    listen(workers[0]);
    process.emit(signal);
    expect(workers[0]?.process.kill.mock.calls).toEqual([['SIGTERM']]);
    workers[0]?.exit(0);
    await expect(done).resolves.toBe(0);
  });

  it.each(['SIGUSR1', 'SIGUSR2'] as const)('logs and ignores %s', (signal) => {
    const { logger } = start();
    process.emit(signal);
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(workers[0]?.process.kill).not.toHaveBeenCalled();
  });

  it('exits with 0 if it is asked to stop before a process is up', async () => {
    const { done } = start();
    process.emit('SIGTERM');
    workers[0]?.exit(null, 'SIGTERM');
    await expect(done).resolves.toBe(0);
  });

  it('tells each process how many accept connections, and how many were replaced', () => {
    start({ WORKERS: '2' });
    const told = (worker: FakeWorker | undefined) => worker?.send.mock.calls.at(-1)?.[0];
    const counts = (up: number, restarts: number) => ({ type: 'http-processes', up, wanted: 2, restarts });
    listen(workers[0]);
    expect(told(workers[0])).toEqual(counts(1, 0));
    listen(workers[1]);
    expect(workers.map(told)).toEqual([counts(2, 0), counts(2, 0)]);
    workers[1]?.exit(null, 'SIGSEGV');
    expect(told(workers[0])).toEqual(counts(1, 0));
    jest.advanceTimersByTime(100);
    expect(told(workers[0])).toEqual(counts(1, 1));
    listen(workers[2]);
    expect([told(workers[0]), told(workers[2])]).toEqual([counts(2, 1), counts(2, 1)]);
  });

  it('kills and replaces a process that does not respond within 10 s', () => {
    const { logger } = start({ WORKERS: '2' });
    for (const worker of workers) listen(worker);
    const alive = setInterval(() => workers[0]?.emit('message', { type: 'alive' }), 1_000);
    workers[1]?.process.kill.mockImplementation(() => {
      workers[1]?.exit(null, 'SIGKILL');
    });
    jest.advanceTimersByTime(7_000);
    expect(workers).toHaveLength(2);
    jest.advanceTimersByTime(2_000);
    clearInterval(alive);
    expect(workers[0]?.process.kill).not.toHaveBeenCalled();
    expect(workers[1]?.process.kill.mock.calls).toEqual([['SIGKILL']]);
    expect(logger.error.mock.calls[0]).toEqual([
      { process: 1, silent_ms: 8_000 },
      'an HTTP process does not respond and is killed',
    ]);
    expect(workers).toHaveLength(3);
  });

  it('gives up if the first process never starts to listen', async () => {
    const { done } = start();
    workers[0]?.process.kill.mockImplementation(() => {
      workers[0]?.exit(null, 'SIGKILL');
    });
    jest.advanceTimersByTime(122_000);
    await expect(done).resolves.toBe(1);
    expect(workers).toHaveLength(1);
  });

  it('starts no process once it stops', async () => {
    const { done } = start();
    listen(workers[0]);
    workers[0]?.exit(1);
    process.emit('SIGTERM');
    await expect(done).resolves.toBe(0);
    jest.advanceTimersByTime(60_000);
    expect(workers).toHaveLength(1);
  });

  it('kills at a second signal a while later, and at the end of the drain', () => {
    start();
    process.emit('SIGINT');
    jest.advanceTimersByTime(1_001);
    process.emit('SIGINT');
    expect(workers[0]?.process.kill.mock.calls).toEqual([['SIGTERM'], ['SIGKILL']]);
    jest.advanceTimersByTime(30_000);
    expect(workers[0]?.process.kill).toHaveBeenCalledTimes(3);
  });
});

it('only a listening message is recognized as one', () => {
  expect(isMessage({ type: 'listening', port: 1 }, 'listening')).toBe(true);
  expect([null, 'listening', { type: 'other' }, undefined].some((m) => isMessage(m, 'listening'))).toBe(
    false,
  );
});
