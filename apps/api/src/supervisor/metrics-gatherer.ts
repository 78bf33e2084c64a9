import type { Worker } from 'node:cluster';
import type { MetricsSnapshot } from '@aerie/observability';
import { type Clock, type Logger, systemClock } from '@aerie/runtime';
import { isMessage, tell } from './messages.js';

/** Time within which the processes must send their metrics, in milliseconds. */
const PATIENCE_MS = 1_000;

/** A process whose metrics are collected. */
export type MetricsSource = Pick<Worker, 'id' | 'isConnected' | 'send'>;

/** One round, in which every process is asked. */
interface Round {
  readonly number: number;
  /** Ids of the processes that have not answered. */
  readonly missing: Set<number>;
  /** Processes that get the result. */
  readonly wanted: { readonly by: MetricsSource; readonly id: number }[];
  readonly cancel: () => void;
}

/**
 * Collects the metrics of the HTTP processes for the one that was scraped. For a process that does not answer in time, its
 * last metrics are used, because counters that vanish and return would look like traffic. Ended processes are dropped.
 */
export class MetricsGatherer {
  readonly #sources: () => readonly MetricsSource[];
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #clock: Clock;
  /** The last metrics by the process's id. */
  readonly #last = new Map<number, MetricsSnapshot>();
  #rounds = 0;
  #round: Round | null = null;

  /** @param sources the processes that are alive */
  constructor(
    sources: () => readonly MetricsSource[],
    logger: Pick<Logger, 'warn'>,
    clock: Clock = systemClock,
  ) {
    this.#sources = sources;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Must be called with every message of a process. */
  heard(from: MetricsSource, message: unknown): void {
    if (isMessage(message, 'metrics-wanted')) {
      // A request during a round shares its result.
      this.#round ??= this.#begin();
      this.#round.wanted.push({ by: from, id: message.id });
      this.#endWhenComplete();
    } else if (isMessage(message, 'metrics-told')) {
      this.#last.set(from.id, message.metrics);
      if (message.round === this.#round?.number) this.#answered(from);
    }
  }

  /** Must be called at the end of a process. */
  exited(source: MetricsSource): void {
    this.#last.delete(source.id);
    this.#answered(source);
  }

  #begin(): Round {
    const number = ++this.#rounds;
    const asked = this.#sources().filter((source) => source.isConnected());
    for (const source of asked) tell(source, { type: 'metrics-asked', round: number });
    const cancel = this.#clock.schedule(PATIENCE_MS, () => {
      this.#logger.warn(
        { processes: this.#round?.missing.size },
        'processes did not report their metrics in time; their last ones are used',
      );
      this.#end();
    });
    return { number, missing: new Set(asked.map(({ id }) => id)), wanted: [], cancel };
  }

  #answered({ id }: MetricsSource): void {
    this.#round?.missing.delete(id);
    this.#endWhenComplete();
  }

  #endWhenComplete(): void {
    if (this.#round?.missing.size === 0) this.#end();
  }

  #end(): void {
    const round = this.#round;
    if (round === null) return;
    this.#round = null;
    round.cancel();
    const snapshots: MetricsSnapshot[] = [];
    for (const { id } of this.#sources()) {
      const snapshot = this.#last.get(id);
      if (snapshot !== undefined) snapshots.push(snapshot);
    }
    for (const { by, id } of round.wanted) tell(by, { type: 'metrics-gathered', id, snapshots });
  }
}
