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

  /** degraded: it cannot be reached. Requests without jobs still work. */
  async check() {
    const indicator = this.#indicators.check('queue');
    const reachable = await this.#queue.reachable(TIMEOUT_MS);
    const { backend, state } = this.#queue;
    const data = { backend, state: reachable ? 'up' : state };
    // Creating the embedded database at the first start takes a while and is not a failure.
    const isBeingMade = backend === 'embedded' && state === 'starting';
    return reachable || isBeingMade ? indicator.up(data) : indicator.degraded(data);
  }
}
