import { type Settings, SettingsModule } from '@aerie/config';
import { type PinoLogger, type Metrics, ObservabilityModule } from '@aerie/observability';
import { type DynamicModule, Module } from '@nestjs/common';
import { BatchesModule } from './batches/batches.module.js';
import { ChatModule } from './chat/chat.module.js';
import { FaultsModule } from './faults/faults.module.js';
import { ApiJobsModule } from './jobs/api-jobs.module.js';
import { ApiHealthModule } from './health/api-health.module.js';
import { ApiHttpModule } from './http/api-http.module.js';
import { ModelsModule } from './models/models.module.js';
import { OpenAiModule } from './openai/openai.module.js';
import { PredictionsModule } from './predictions/predictions.module.js';

/** The server, assembled from the settings. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings, logger: PinoLogger, metrics: Metrics): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.forRoot(settings),
        ObservabilityModule.forRoot(logger, metrics),
        ApiHttpModule,
        PredictionsModule,
        ChatModule,
        OpenAiModule,
        ApiJobsModule.forRoot(settings.jobs.role === 'all'),
        BatchesModule,
        ModelsModule,
        ApiHealthModule,
        ...(settings.faultInjection ? [FaultsModule] : []),
      ],
    };
  }
}
