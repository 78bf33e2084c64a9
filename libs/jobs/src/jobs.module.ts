import { availableParallelism } from 'node:os';
import { SETTINGS, type Settings } from '@aerie/config';
import { EmbedService, GenerateService, InferenceModule, PredictService } from '@aerie/inference';
import { LOGGER, type Logger } from '@aerie/observability';
import { SafeFetcher } from '@aerie/outbound';
import { Availability, JobChanges, JobQueue, JobRepository, QueueModule, queueBackendOf } from '@aerie/queue';
import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { EmbedTask } from './embed.task.js';
import { JobBatchService } from './job-batch.service.js';
import { JOB_TASKS } from './job-tasks.js';
import { JobService } from './job.service.js';
import { JobWorkers } from './job-workers.js';
import { PredictTask } from './predict.task.js';
import { TextTask } from './text.task.js';

/** Whether this process runs jobs. */
const RUNS_JOBS = Symbol('RUNS_JOBS');
const WEBHOOK_FETCHER = Symbol('WEBHOOK_FETCHER');

/** Connections to receivers of webhooks, over all of them. */
const WEBHOOK_CONNECTIONS = 64;

/** While a replica runs one job, the next is fetched and decoded. */
const JOBS_PER_REPLICA = 2;

/** Part of the drain's time that running jobs have before they are handed back. */
const DRAIN_SHARE = 0.5;

@Injectable()
class JobsLifecycle implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @Inject(JobWorkers) private readonly workers: JobWorkers,
    @Inject(WEBHOOK_FETCHER) private readonly fetcher: SafeFetcher,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RUNS_JOBS) private readonly runsJobs: boolean,
  ) {}

  onApplicationBootstrap(): void {
    if (this.runsJobs) this.workers.start();
  }

  async onModuleDestroy(): Promise<void> {
    if (this.runsJobs) await this.workers.stop(this.settings.http.drainTimeoutMs * DRAIN_SHARE);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.fetcher.close();
  }
}

/** Jobs: submitting, following and, where asked for, running them. */
@Module({})
export class JobsModule {
  /** @param runsJobs whether this process takes jobs from the queue */
  static forRoot(runsJobs: boolean): DynamicModule {
    return {
      module: JobsModule,
      imports: [
        InferenceModule,
        QueueModule.forRootAsync(JOB_TASKS, {
          inject: [SETTINGS, LOGGER],
          useFactory: (settings: Settings, logger: Logger) => ({
            backend: queueBackendOf(settings),
            logger,
            retentionMs: settings.jobs.retentionMs,
            maxFinished: settings.jobs.maxFinished,
          }),
        }),
      ],
      providers: [
        { provide: RUNS_JOBS, useValue: runsJobs },
        {
          provide: JobService,
          inject: [JobQueue, SETTINGS],
          useFactory: (queue: JobQueue, { jobs }: Settings) => new JobService(queue, jobs),
        },
        {
          provide: JobBatchService,
          inject: [JobQueue, JobService],
          useFactory: (queue: JobQueue, jobs: JobService) => new JobBatchService(queue, jobs),
        },
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
          provide: JobWorkers,
          inject: [
            JobQueue,
            JobRepository,
            JobChanges,
            Availability,
            PredictService,
            EmbedService,
            GenerateService,
            WEBHOOK_FETCHER,
            SETTINGS,
          ],
          useFactory: (
            queue: JobQueue,
            jobs: JobRepository,
            changes: JobChanges,
            availability: Availability,
            predictions: PredictService,
            embeddings: EmbedService,
            texts: GenerateService,
            fetcher: SafeFetcher,
            settings: Settings,
          ) => {
            const concurrency = concurrencyOf(settings);
            return new JobWorkers(
              queue,
              jobs,
              changes,
              availability,
              [
                new PredictTask(predictions, concurrency),
                new EmbedTask(embeddings, concurrency),
                new TextTask('generate', texts, concurrency),
                new TextTask('chat', texts, concurrency),
              ],
              // A receiver knows an event by its id.
              (url, request) => fetcher.post(url, { ...request, repeatable: true }),
              settings.jobs.maxWorkerDeaths,
            );
          },
        },
        JobsLifecycle,
      ],
      exports: [QueueModule, JobService, JobBatchService, JobWorkers, InferenceModule],
    };
  }
}

function concurrencyOf({ jobs, models, http }: Settings): number {
  if (jobs.concurrency !== null) return jobs.concurrency;
  const replicas = models.replicas ?? Math.max(1, Math.floor(availableParallelism() / http.workers));
  return replicas * JOBS_PER_REPLICA;
}
