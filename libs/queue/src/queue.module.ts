import type { Logger } from '@aerie/runtime';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import {
  type DynamicModule,
  type FactoryProvider,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { BackendWorker } from './bull/backend-worker.js';
import { type BackendConfiguration, LazyQueue } from './bull/lazy-queue.js';
import { openConnection } from './connection/open-connection.js';
import type { QueueConnection } from './connection/queue-connection.js';
import type { QueueBackendSettings } from './connection/queue-settings.js';
import { WEBHOOK_QUEUE, queueNameOf } from './queue-names.js';
import { Availability } from './runtime/availability.js';
import { GuardedJobQueue } from './runtime/guarded-job-queue.js';
import { JobChanges } from './runtime/job-changes.js';
import { JobQueue } from './runtime/job-queue.js';
import { JobRepository } from './runtime/job-repository.js';
import { Upkeep } from './runtime/upkeep.js';

/** Options for {@link QueueModule}. */
export interface QueueModuleOptions {
  readonly backend: QueueBackendSettings;
  readonly logger: Logger;
  /** How long finished jobs are kept, milliseconds. */
  readonly retentionMs: number;
  /** Maximum number of finished jobs that are kept. */
  readonly maxFinished: number;
}

const OPTIONS = Symbol('QUEUE_MODULE_OPTIONS');
const CONNECTION = Symbol('QUEUE_CONNECTION');

/** Callers get an answer within a second, even if the backend hangs. */
const REMOTE_TIMEOUT_MS = 900;
/** The embedded backend is created in seconds by the first start. Later it is reachable, and slow only on a busy machine. */
const EMBEDDED_TIMEOUT_MS = 10_000;

/** Connects when the application starts, without waiting for the backend. Closes everything in order. */
@Injectable()
class QueueLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(CONNECTION) private readonly connection: QueueConnection,
    @Inject(JobRepository) private readonly jobs: JobRepository,
    @Inject(Availability) private readonly availability: Availability,
    @Inject(JobChanges) private readonly changes: JobChanges,
    @Inject(Upkeep) private readonly upkeep: Upkeep,
  ) {}

  onApplicationBootstrap(): void {
    this.availability.onUp(() => {
      this.changes.start();
      this.upkeep.start();
    });
    this.availability.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.availability.close();
    this.changes.stop();
    await this.upkeep.close();
    this.jobs.close();
    await this.connection.close();
  }
}

// BullModule constructs these instead of BullMQ's own classes, which do not know our backends and connect at once.
BullModule.queueClass = LazyQueue;
BullModule.workerClass = BackendWorker;

/** Provides the connection to the backend, for BullModule and the job queue. */
@Module({})
class QueueConnectionModule {}

/** Provides the job queue. */
@Module({})
export class QueueModule {
  /** @param tasks tasks that can be jobs; each has a queue */
  static forRootAsync(
    tasks: readonly string[],
    options: Pick<FactoryProvider<QueueModuleOptions>, 'inject' | 'useFactory'>,
  ): DynamicModule {
    const names = [...tasks.map(queueNameOf), WEBHOOK_QUEUE];
    const connectionModule: DynamicModule = {
      module: QueueConnectionModule,
      providers: [
        { ...options, provide: OPTIONS },
        {
          provide: CONNECTION,
          inject: [OPTIONS],
          useFactory: ({ backend, logger }: QueueModuleOptions) => openConnection(backend, logger),
        },
      ],
      exports: [OPTIONS, CONNECTION],
    };
    return {
      module: QueueModule,
      imports: [
        connectionModule,
        BullModule.forRootAsync({
          imports: [connectionModule],
          inject: [CONNECTION, OPTIONS],
          useFactory: (connection: QueueConnection, { logger }: QueueModuleOptions) =>
            ({ connection, logger }) satisfies BackendConfiguration as never,
          // Workers are registered after the backend was reached, because BullMQ's connect in their constructors.
          extraOptions: { manualRegistration: true },
        }),
        BullModule.registerQueue(...names.map((name) => ({ name }))),
      ],
      providers: [
        {
          provide: JobRepository,
          inject: [CONNECTION, OPTIONS, ...names.map((name) => getQueueToken(name))],
          useFactory: (
            connection: QueueConnection,
            { logger, retentionMs }: QueueModuleOptions,
            ...queues: readonly LazyQueue[]
          ) => new JobRepository({ connection, queues, logger, retentionMs }),
        },
        {
          provide: Availability,
          inject: [CONNECTION, OPTIONS],
          useFactory: (connection: QueueConnection, { logger }: QueueModuleOptions) =>
            new Availability({
              prepare: () => connection.prepare(),
              ping: () => connection.store.ping(),
              operationTimeoutMs: connection.kind === 'embedded' ? EMBEDDED_TIMEOUT_MS : REMOTE_TIMEOUT_MS,
              logger,
            }),
        },
        {
          provide: JobChanges,
          inject: [CONNECTION],
          useFactory: (connection: QueueConnection) => new JobChanges(connection),
        },
        {
          provide: Upkeep,
          inject: [JobRepository, Availability, OPTIONS],
          useFactory: (
            jobs: JobRepository,
            availability: Availability,
            { maxFinished }: QueueModuleOptions,
          ) => new Upkeep(jobs, { tasks, maxFinished, isUp: () => availability.state === 'up' }),
        },
        {
          provide: JobQueue,
          inject: [JobRepository, Availability, JobChanges],
          useFactory: (jobs: JobRepository, availability: Availability, changes: JobChanges) =>
            new GuardedJobQueue(jobs, availability, changes),
        },
        QueueLifecycle,
      ],
      exports: [JobQueue, JobRepository, JobChanges, Availability],
    };
  }
}
