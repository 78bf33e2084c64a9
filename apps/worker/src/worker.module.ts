import { type Settings, SettingsModule } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { HealthModule, type HealthOptions, MetricsModule } from '@aerie/health';
import { DrainService, HttpModule } from '@aerie/http';
import { JobsModule } from '@aerie/jobs';
import { type PinoLogger, Metrics, ObservabilityModule, registerJobMetrics } from '@aerie/observability';
import { JobProcessors } from '@aerie/queue';
import { type DynamicModule, Module } from '@nestjs/common';

/** A process that runs jobs and serves nothing but its health and metrics. */
@Module({})
export class WorkerModule {
  static forRoot(settings: Settings, logger: PinoLogger, metrics: Metrics): DynamicModule {
    const jobs = JobsModule.forRoot(true);
    return {
      module: WorkerModule,
      imports: [
        SettingsModule.forRoot(settings),
        ObservabilityModule.forRoot(logger, metrics),
        jobs,
        HealthModule.forRootAsync({
          imports: [jobs, HttpModule],
          inject: [JobProcessors, DrainService],
          useFactory: healthOf,
        }),
        MetricsModule.forRootAsync({
          imports: [jobs],
          inject: [Metrics, JobProcessors],
          useFactory: readerOf,
        }),
      ],
    };
  }
}

function healthOf(processors: JobProcessors, drain: DrainService): HealthOptions {
  return {
    needsModels: false,
    blocker: async () =>
      (await processors.health()).queue === 'up'
        ? null
        : new AerieError('QUEUE_UNAVAILABLE', 'The job queue cannot be reached.'),
    fields: async () => ({ draining: drain.draining, ...(await processors.health()) }),
  };
}

function readerOf({ registry }: Metrics, processors: JobProcessors) {
  registerJobMetrics(registry, async () =>
    (await processors.health()).tasks.map((task) => ({
      task: task.task,
      running: task.running,
      pending: task.pending,
      oldestWaitingMs: task.oldest_waiting_ms,
      lastCompletionAt: task.last_completion_at === null ? null : Date.parse(task.last_completion_at),
    })),
  );
  return { read: () => registry.metrics() };
}
