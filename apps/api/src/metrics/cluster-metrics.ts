import { AerieError } from '@aerie/contracts';
import { type Metrics, type MetricsSnapshot, renderSnapshots } from '@aerie/observability';
import { type Clock, backgroundClock, within } from '@aerie/runtime';
import type { MetricsReader } from '@aerie/health';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { isMessage } from '../supervisor/messages.js';
import { type SupervisorChannel, tellSupervisor } from '../supervisor/supervisor-channel.js';

/** How long the supervisor may take to collect the metrics of all processes, in milliseconds. */
const PATIENCE_MS = 3_000;

/**
 * Metrics of the whole server, from any of its processes. Each process sends its own to the supervisor, which collects
 * them.
 */
export class ClusterMetrics implements MetricsReader, OnModuleInit, OnApplicationShutdown {
  readonly #metrics: Metrics;
  readonly #channel: SupervisorChannel | null;
  readonly #clock: Clock;
  /** Scrapes that wait for the supervisor. */
  readonly #waiting = new Map<number, (snapshots: readonly MetricsSnapshot[]) => void>();
  #nextId = 1;

  /** @param channel null where this process is the only one */
  constructor(metrics: Metrics, channel: SupervisorChannel | null, clock: Clock = backgroundClock) {
    this.#metrics = metrics;
    this.#channel = channel;
    this.#clock = clock;
  }

  onModuleInit(): void {
    this.#channel?.on('message', this.#heard);
  }

  onApplicationShutdown(): void {
    this.#channel?.off('message', this.#heard);
  }

  /**
   * In the Prometheus text format.
   *
   * @throws AerieError TIMEOUT if the supervisor does not respond, SHUTTING_DOWN if it has exited, because partial counts
   *   would look like a restart.
   */
  async read(): Promise<string> {
    if (this.#channel === null) return this.#metrics.registry.metrics();
    return renderSnapshots(await this.#gather());
  }

  async #gather(): Promise<readonly MetricsSnapshot[]> {
    if (this.#channel?.connected !== true) {
      throw new AerieError('SHUTTING_DOWN', 'The supervisor has exited; this process ends.');
    }
    const id = this.#nextId++;
    const gathered = new Promise<readonly MetricsSnapshot[]>((resolve) => this.#waiting.set(id, resolve));
    tellSupervisor(this.#channel, { type: 'metrics-wanted', id });
    try {
      return await within(gathered, PATIENCE_MS, this.#clock);
    } catch (cause) {
      const limit = `${String(PATIENCE_MS / 1000)} s`;
      throw new AerieError('TIMEOUT', `The metrics of all processes were not available within ${limit}.`, {
        cause,
      });
    } finally {
      this.#waiting.delete(id);
    }
  }

  readonly #heard = (message: unknown): void => {
    if (isMessage(message, 'metrics-asked')) {
      // If the metrics cannot be read, none are sent; the supervisor does not wait for them for long.
      this.#tell(message.round).catch(() => undefined);
    } else if (isMessage(message, 'metrics-gathered')) {
      this.#waiting.get(message.id)?.(message.snapshots);
    }
  };

  async #tell(round: number): Promise<void> {
    tellSupervisor(this.#channel, { type: 'metrics-told', round, metrics: await this.#metrics.snapshot() });
  }
}
