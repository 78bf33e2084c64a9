import type { Logger } from '@aerie/runtime';
import {
  type DynamicModule,
  type FactoryProvider,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { openConnection } from './connection/open-connection.js';
import type { QueueConnection } from './connection/queue-connection.js';
import type { QueueBackendSettings } from './connection/queue-settings.js';
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
  /** How many finished jobs are kept at most. */
  readonly maxFinished: number;
}

const OPTIONS = Symbol('QUEUE_MODULE_OPTIONS');
const CONNECTION = Symbol('QUEUE_CONNECTION');

/** Callers are answered within a second, whatever the backend does. */
const REMOTE_TIMEOUT_MS = 900;
/** The embedded backend is here or it is not; an operation that takes long has a busy machine. */
const EMBEDDED_TIMEOUT_MS = 10_000;

/** Connects when the application starts, without waiting for the backend, and closes in order. */
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

/** The job queue. */
@Module({})
export class QueueModule {
  /** @param tasks kinds of work that can be jobs; each has a queue */
  static forRootAsync(
    tasks: readonly string[],
    options: Pick<FactoryProvider<QueueModuleOptions>, 'inject' | 'useFactory'>,
  ): DynamicModule {
    return {
      module: QueueModule,
      providers: [
        { ...options, provide: OPTIONS },
        {
          provide: CONNECTION,
          inject: [OPTIONS],
          useFactory: ({ backend, logger }: QueueModuleOptions) => openConnection(backend, logger),
        },
        {
          provide: JobRepository,
          inject: [CONNECTION, OPTIONS],
          useFactory: (connection: QueueConnection, { logger, retentionMs }: QueueModuleOptions) =>
            new JobRepository({ connection, logger, retentionMs }),
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
