import { coresOf, SETTINGS, type Settings } from '@aerie/config';
import { InferenceModule, ROUTE_NAMES, routeOf } from '@aerie/inference';
import { LOGGER, type PinoLogger } from '@aerie/observability';
import { ModelRegistry } from '@aerie/model-registry';
import { AddressPolicy, SafeFetcher, parseOutboundUrl } from '@aerie/outbound';
import {
  JobChanges,
  JobProcessors,
  type JobProcessorOptions,
  JobQueue,
  JobRepository,
  QueueModule,
  WebhookProcessor,
  provideJobProcessors,
  queueBackendOf,
} from '@aerie/queue';
import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type Provider,
} from '@nestjs/common';
import { JobBatchService } from './job-batch.service.js';
import type { JobChecks } from './job-checks.js';
import { JOB_PROCESSORS } from './route.processor.js';
import { JobService } from './job.service.js';
import { JOB_PROCESSOR_OPTIONS } from './processor-options.js';

const WEBHOOK_FETCHER = Symbol('WEBHOOK_FETCHER');

/** Maximum connections to webhook receivers, in total. */
const WEBHOOK_CONNECTIONS = 64;

/** Jobs per replica. While it runs one, the next is fetched and decoded. */
const JOBS_PER_REPLICA = 2;

/** Share of DRAIN_TIMEOUT after which running jobs are handed back. */
const DRAIN_SHARE = 0.5;

/** Runs jobs while the application runs. */
@Injectable()
class ProcessorsLifecycle implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @Inject(JobProcessors) private readonly processors: JobProcessors,
    @Inject(WEBHOOK_FETCHER) private readonly fetcher: SafeFetcher,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    this.processors.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.processors.stop(this.settings.http.drainTimeoutMs * DRAIN_SHARE);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.fetcher.close();
  }
}

/** Submits, observes and optionally runs jobs. */
@Module({})
export class JobsModule {
  /** @param runsJobs whether this process takes jobs from the queue */
  static forRoot(runsJobs: boolean): DynamicModule {
    return {
      module: JobsModule,
      imports: [
        InferenceModule,
        QueueModule.forRootAsync(ROUTE_NAMES, {
          inject: [SETTINGS, LOGGER],
          useFactory: (settings: Settings, logger: PinoLogger) => ({
            backend: queueBackendOf(settings),
            logger,
            retentionMs: settings.jobs.retentionMs,
            maxFinished: settings.jobs.maxFinished,
          }),
        }),
      ],
      providers: [
        {
          provide: JobService,
          inject: [JobQueue, SETTINGS, ModelRegistry],
          useFactory: (queue: JobQueue, { jobs }: Settings, registry: ModelRegistry) => {
            const policy = new AddressPolicy(jobs.allowedWebhookHosts);
            return new JobService(queue, jobs, {
              checkWebhook: (url) => {
                parseOutboundUrl(url, policy);
              },
              // With ROLE=api, the workers may have other models than this process.
              ...(runsJobs ? { checkModel: modelCheck(registry) } : {}),
            });
          },
        },
        {
          provide: JobBatchService,
          inject: [JobQueue, JobService],
          useFactory: (queue: JobQueue, jobs: JobService) => new JobBatchService(queue, jobs),
        },
        ...(runsJobs ? processorProviders() : []),
      ],
      exports: [
        QueueModule,
        JobService,
        JobBatchService,
        InferenceModule,
        ...(runsJobs ? [JobProcessors] : []),
      ],
    };
  }
}

function processorProviders(): Provider[] {
  return [
    {
      provide: WEBHOOK_FETCHER,
      inject: [SETTINGS],
      useFactory: ({ jobs, appName }: Settings) =>
        new SafeFetcher({
          allowedHosts: jobs.allowedWebhookHosts,
          userAgent: appName,
          maxConnections: WEBHOOK_CONNECTIONS,
        }),
    },
    {
      provide: WebhookProcessor,
      inject: [JobRepository, WEBHOOK_FETCHER, SETTINGS],
      useFactory: (jobs: JobRepository, fetcher: SafeFetcher, settings: Settings) =>
        new WebhookProcessor({
          jobs,
          // Receivers recognize an event by its id.
          post: (url, request) => fetcher.post(url, { ...request, repeatable: true }),
          secret: settings.jobs.webhookSecret,
        }),
    },
    {
      provide: JOB_PROCESSOR_OPTIONS,
      inject: [JobRepository, JobChanges, SETTINGS],
      useFactory: (jobs: JobRepository, changes: JobChanges, settings: Settings): JobProcessorOptions => ({
        jobs,
        changes,
        concurrency: concurrencyOf(settings),
        maxDeaths: settings.jobs.maxWorkerDeaths,
      }),
    },
    ...JOB_PROCESSORS,
    provideJobProcessors(JOB_PROCESSORS),
    ProcessorsLifecycle,
  ];
}

function modelCheck(registry: ModelRegistry): NonNullable<JobChecks['checkModel']> {
  return (task, model, version) => {
    registry.resolve(routeOf(task).kind, {
      ...(model === null ? {} : { model }),
      ...(version === null ? {} : { version }),
    });
  };
}

function concurrencyOf(settings: Settings): number {
  const { jobs, models } = settings;
  return jobs.concurrency ?? (models.replicas ?? coresOf(settings)) * JOBS_PER_REPLICA;
}
