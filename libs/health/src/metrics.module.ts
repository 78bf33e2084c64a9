import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import { METRICS_READER, MetricsController } from './metrics.controller.js';

/** Creates the {@link MetricsReader} from other Nest providers. */
export type MetricsAsyncOptions = Pick<FactoryProvider, 'inject' | 'useFactory'> &
  Pick<DynamicModule, 'imports'>;

/** Metrics over HTTP. */
@Module({ controllers: [MetricsController] })
export class MetricsModule {
  static forRootAsync({ imports = [], inject = [], useFactory }: MetricsAsyncOptions): DynamicModule {
    return {
      module: MetricsModule,
      imports,
      providers: [{ provide: METRICS_READER, inject, useFactory }],
    };
  }
}
