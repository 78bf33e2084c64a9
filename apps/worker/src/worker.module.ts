import { type Settings, SettingsModule } from '@aerie/config';
import { JobsModule } from '@aerie/jobs';
import { type PinoLogger, type Metrics, ObservabilityModule } from '@aerie/observability';
import { type DynamicModule, Module } from '@nestjs/common';

/** A process that runs jobs and serves nothing but its health. */
@Module({})
export class WorkerModule {
  static forRoot(settings: Settings, logger: PinoLogger, metrics: Metrics): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        SettingsModule.forRoot(settings),
        ObservabilityModule.forRoot(logger, metrics),
        JobsModule.forRoot(true),
      ],
    };
  }
}
