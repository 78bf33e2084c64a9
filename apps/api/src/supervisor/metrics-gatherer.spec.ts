import type { MetricsSnapshot } from '@aerie/observability';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ProcessMessage } from './messages.js';
import { MetricsGatherer, type MetricsSource } from './metrics-gatherer.js';

/** A fake HTTP process. */
class FakeProcess {
  readonly id: number;
  connected = true;
  readonly told: ProcessMessage[] = [];

  constructor(id: number) {
    this.id = id;
  }

  isConnected(): boolean {
    return this.connected;
  }

  send(message: object): boolean {
    this.told.push(message as ProcessMessage);
    return true;
  }
}

/** A snapshot that differs from others. */
const snapshot = (name: string) => [{ name }] as unknown as MetricsSnapshot;

function newGatherer(count: number) {
  const processes = Array.from({ length: count }, (_, index) => new FakeProcess(index + 1));
  const logger = { warn: jest.fn() };
  const sut = new MetricsGatherer(() => processes, logger);
  const of = (index: number) => processes[index] as MetricsSource;
  const want = (index: number, id: number) => {
    sut.heard(of(index), { type: 'metrics-wanted', id });
  };
  const answer = (index: number, name: string, round = 1) => {
    sut.heard(of(index), { type: 'metrics-told', round, metrics: snapshot(name) });
  };
  /** The metrics of all processes that a process received. */
  const gathered = (index: number) =>
    processes[index]?.told.filter(({ type }) => type === 'metrics-gathered');
  return { sut, processes, logger, of, want, answer, gathered };
}

const all = (id: number, ...names: readonly string[]) => ({
  type: 'metrics-gathered',
  id,
  snapshots: names.map(snapshot),
});

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a scrape of one process', () => {
  it('gets the metrics of all when the last has answered', () => {
    const { processes, want, answer, gathered } = newGatherer(2);
    want(1, 7);
    expect(processes.map(({ told }) => told)).toEqual([
      [{ type: 'metrics-asked', round: 1 }],
      [{ type: 'metrics-asked', round: 1 }],
    ]);
    answer(1, 'b');
    expect(gathered(1)).toEqual([]);
    answer(0, 'a');
    expect(gathered(1)).toEqual([all(7, 'a', 'b')]);
    expect(gathered(0)).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('shares the answers with a scrape that arrives meanwhile', () => {
    const { processes, want, answer, gathered } = newGatherer(2);
    want(0, 1);
    want(1, 1);
    answer(0, 'a');
    answer(1, 'b');
    expect([gathered(0), gathered(1)]).toEqual([[all(1, 'a', 'b')], [all(1, 'a', 'b')]]);
    expect(processes[0]?.told).toHaveLength(2);
  });

  it('does not wait for a process that ends, and drops its metrics', () => {
    const { sut, processes, of, want, answer, gathered } = newGatherer(2);
    want(0, 1);
    answer(1, 'b');
    answer(0, 'a');
    want(0, 2);
    answer(0, 'a2', 2);
    const gone = of(1);
    processes.pop();
    sut.exited(gone);
    expect(gathered(0)).toEqual([all(1, 'a', 'b'), all(2, 'a2')]);
  });

  it('uses the last metrics of a hung process after a second', () => {
    const { logger, want, answer, gathered } = newGatherer(2);
    want(0, 1);
    answer(0, 'a');
    answer(1, 'b');
    want(0, 2);
    answer(0, 'a2', 2);
    // A late answer of the previous round.
    answer(1, 'b1', 1);
    jest.advanceTimersByTime(999);
    expect(gathered(0)).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(gathered(0)?.at(-1)).toEqual(all(2, 'a2', 'b1'));
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });

  it('sends nothing to a process whose channel is closed', () => {
    const { processes, want, answer, gathered } = newGatherer(2);
    const [, second] = processes;
    if (second !== undefined) second.connected = false;
    want(0, 1);
    answer(0, 'a');
    expect(gathered(0)).toEqual([all(1, 'a')]);
    expect(second?.told).toEqual([]);
  });
});
