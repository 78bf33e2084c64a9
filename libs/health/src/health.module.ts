import { HttpModule } from '@aerie/http';
import { ModelRegistryModule } from '@aerie/model-registry';
import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata } from '@nestjs/common';
import { type HealthIndicatorFunction, TerminusModule } from '@nestjs/terminus';
import { GpuIndicator } from './gpu.indicator.js';
import { HEALTH_CHECKS, HEALTH_OPTIONS, type HealthOptions } from './health-options.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { ModelsIndicator } from './models.indicator.js';
import { ProcessIndicator } from './process.indicator.js';
import { QueueIndicator } from './queue.indicator.js';

/** Creates the options from other Nest providers. */
export interface HealthAsyncOptions extends Pick<ModuleMetadata, 'imports' | 'providers'> {
  readonly inject: NonNullable<FactoryProvider['inject']>;
  // Nest passes the providers that `inject` names; the factory states their types.
  readonly useFactory: (...dependencies: never[]) => HealthOptions;
}

/** Health, liveness and readiness. The application provides the job queue. */
@Module({
  // Terminus would log every failed poll at error level; the change of state is logged where it happens.
  imports: [TerminusModule.forRoot({ logger: false }), ModelRegistryModule, HttpModule],
  controllers: [HealthController],
  providers: [
    HealthService,
    ModelsIndicator,
    GpuIndicator,
    QueueIndicator,
    ProcessIndicator,
    {
      provide: HEALTH_CHECKS,
      inject: [ModelsIndicator, GpuIndicator, QueueIndicator, ProcessIndicator, HEALTH_OPTIONS],
      useFactory: (
        models: ModelsIndicator,
        gpu: GpuIndicator,
        queue: QueueIndicator,
        process: ProcessIndicator,
        { checks = [] }: HealthOptions,
      ): HealthIndicatorFunction[] => [
        () => models.check(),
        () => gpu.check(),
        () => queue.check(),
        () => process.eventLoop(),
        () => process.memory(),
        () => process.disk(),
        ...checks,
      ],
    },
  ],
})
export class HealthModule {
  static forRootAsync({
    imports = [],
    providers = [],
    inject,
    useFactory,
  }: HealthAsyncOptions): DynamicModule {
    return {
      module: HealthModule,
      imports,
      providers: [...providers, { provide: HEALTH_OPTIONS, inject, useFactory }],
    };
  }
}
