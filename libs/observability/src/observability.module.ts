import { type DynamicModule, Module } from '@nestjs/common';
import type { PinoLogger } from './logger.js';
import { Metrics } from './metrics.js';

/** Injection token of the process's {@link PinoLogger}. */
export const LOGGER = Symbol('LOGGER');

/** Makes the logger and the metrics injectable everywhere. */
@Module({})
export class ObservabilityModule {
  static forRoot(logger: PinoLogger, metrics: Metrics): DynamicModule {
    return {
      module: ObservabilityModule,
      global: true,
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: Metrics, useValue: metrics },
      ],
      exports: [LOGGER, Metrics],
    };
  }
}
