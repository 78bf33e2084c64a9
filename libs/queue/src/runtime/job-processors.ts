import { BullRegistrar } from '@nestjs/bullmq';
import { backgroundClock, settlesWithin } from '@aerie/runtime';
import type { FactoryProvider, Type } from '@nestjs/common';
import { Availability } from './availability.js';
import { JobQueue } from './job-queue.js';
import type { JobProcessor } from './job.processor.js';
import { WebhookProcessor } from './webhook.processor.js';

/** Forward progress of the processors of this process, for health. */
export interface ProcessorsHealth {
  readonly queue: 'up' | 'down';
  readonly tasks: readonly {
    readonly task: string;
    readonly running: number;
    readonly pending: number;
    readonly oldest_waiting_ms: number | null;
    readonly last_completion_at: string | null;
  }[];
}

const HAND_BACK_MS = 2_000;
const HEALTH_TIMEOUT_MS = 500;

/** Dependencies of {@link JobProcessors}. */
export interface JobProcessorsOptions {
  readonly queue: JobQueue;
  readonly availability: Pick<Availability, 'onUp'>;
  readonly processors: readonly JobProcessor[];
  readonly webhooks: WebhookProcessor;
  /** Creates each processor's worker. */
  readonly register: () => void;
}

/** The processors of this process: one for each task, and one for webhooks. */
export class JobProcessors {
  readonly #options: JobProcessorsOptions;
  #registered = false;
  #stopped = false;

  constructor(options: JobProcessorsOptions) {
    this.#options = options;
  }

  /** Starts to take jobs as soon as the backend can be reached. */
  start(): void {
    const { availability, processors, webhooks, register } = this.#options;
    availability.onUp(() => {
      if (this.#stopped || this.#registered) return;
      this.#registered = true;
      register();
      for (const processor of processors) processor.start();
      webhooks.start();
    });
  }

  /** Takes no more jobs. Jobs that do not end within `timeoutMs` are handed back. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopped = true;
    const { processors, webhooks } = this.#options;
    const deadline = new AbortController();
    const cancel = backgroundClock.schedule(timeoutMs, () => {
      deadline.abort();
    });
    const stopped = Promise.all([
      ...processors.map((processor) => processor.stop(deadline.signal)),
      webhooks.stop(),
    ]);
    // An unreachable backend must not delay the exit. Its jobs are handed out again when their locks expire.
    await settlesWithin(stopped, timeoutMs + HAND_BACK_MS, backgroundClock);
    cancel();
  }

  async health(): Promise<ProcessorsHealth> {
    const { queue, processors } = this.#options;
    const up = await queue.reachable(HEALTH_TIMEOUT_MS);
    const now = queue.now();
    const tasks = await Promise.all(
      processors.map(async ({ progress }) => {
        const backlog = up ? await queue.backlog(progress.task).catch(() => null) : null;
        const { lastCompletionAt } = progress;
        const oldest = backlog?.oldestPendingAt ?? null;
        return {
          task: progress.task,
          running: progress.running,
          pending: backlog?.pending ?? 0,
          oldest_waiting_ms: oldest === null ? null : Math.max(0, now - oldest),
          last_completion_at: lastCompletionAt === null ? null : new Date(lastCompletionAt).toISOString(),
        };
      }),
    );
    return { queue: up ? 'up' : 'down', tasks };
  }
}

/** Provides {@link JobProcessors} of the given classes. They and {@link WebhookProcessor} must be Nest providers. */
export function provideJobProcessors(classes: readonly Type<JobProcessor>[]): FactoryProvider<JobProcessors> {
  return {
    provide: JobProcessors,
    inject: [JobQueue, Availability, BullRegistrar, WebhookProcessor, ...classes],
    useFactory: (
      queue: JobQueue,
      availability: Availability,
      registrar: BullRegistrar,
      webhooks: WebhookProcessor,
      ...processors: readonly JobProcessor[]
    ) =>
      new JobProcessors({
        queue,
        availability,
        processors,
        webhooks,
        register: () => {
          registrar.register();
        },
      }),
  };
}
