import { JobQueue } from '@aerie/queue';
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';

const TIMEOUT_MS = 500;

/** The job queue's backend. */
@Injectable()
export class QueueIndicator {
  readonly #queue: JobQueue;
  readonly #indicators: HealthIndicatorService;

  constructor(queue: JobQueue, indicators: HealthIndicatorService) {
    this.#queue = queue;
    this.#indicators = indicators;
  }

  /** degraded: it cannot be reached; predictions without jobs go on. */
  async check() {
    const indicator = this.#indicators.check('queue');
    const { availability, connection } = this.#queue;
    const reachable = await availability.reachable(TIMEOUT_MS);
    const data = { backend: connection.kind, state: reachable ? 'up' : availability.state };
    // Making the embedded database takes a while at the first start, and is no failure.
    return reachable || availability.state === 'starting' ? indicator.up(data) : indicator.degraded(data);
  }
}
