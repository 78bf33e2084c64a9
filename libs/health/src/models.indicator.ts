import { ModelRegistry } from '@aerie/model-registry';
import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { HEALTH_OPTIONS, type HealthOptions } from './health-options.js';

/** Each model version that is, or should be, loaded. */
@Injectable()
export class ModelsIndicator {
  readonly #registry: ModelRegistry;
  readonly #indicators: HealthIndicatorService;
  readonly #needsModels: boolean;

  constructor(
    registry: ModelRegistry,
    indicators: HealthIndicatorService,
    @Inject(HEALTH_OPTIONS) { needsModels }: Pick<HealthOptions, 'needsModels'>,
  ) {
    this.#registry = registry;
    this.#indicators = indicators;
    this.#needsModels = needsModels;
  }

  /**
   * down: required models are not ready, or a replica is wedged. degraded: a model cannot be used or loaded, a replica
   * restarts, a GPU is missing, or an upstream is down.
   */
  check() {
    const { ready, models, unusable } = this.#registry.health();
    const indicator = this.#indicators.check('models');
    const entries = new Map<string, object>(
      models.map((model) => [
        `${model.name}@${model.version}`,
        {
          state: model.state,
          eager: model.eager,
          ...(model.error === null ? {} : { error: model.error }),
          replicas: {
            up: model.replicasUp,
            total: model.replicasTotal,
            wedged: model.wedged,
            restarting: model.restarting,
          },
          gpu_missing: model.gpuMissing,
          queue_length: model.queueLength,
          stalled_for_ms: model.stalledForMs === null ? null : Math.round(model.stalledForMs),
          ...(model.circuit === undefined ? {} : { circuit: model.circuit }),
        },
      ]),
    );
    // A folder that cannot be used is listed with the versions, under its own name; a slash follows if the key is taken.
    for (const { name, reason } of unusable) {
      // Terminus writes its own key.
      const isTaken = name === 'status' || entries.has(name);
      entries.set(isTaken ? `${name}/` : name, { state: 'unusable', error: reason });
    }
    const data = Object.fromEntries(entries);
    if ((this.#needsModels && !ready) || models.some(({ wedged }) => wedged > 0)) return indicator.down(data);
    if (
      unusable.length > 0 ||
      models.some(
        ({ eager, error, restarting, gpuMissing, circuit }) =>
          (eager && error !== null) || restarting > 0 || gpuMissing || circuit === 'open',
      )
    )
      return indicator.degraded(data);
    return indicator.up(data);
  }
}
