import {
  type Availability,
  type JobChanges,
  type JobQueue,
  type JobRepository,
  type JobTask,
  JobWorker,
  type PostWebhook,
  WebhookWorker,
} from '@aerie/queue';

/** How far the workers of a process are, for health. */
export interface WorkersHealth {
  readonly queue: 'up' | 'down';
  readonly tasks: readonly {
    readonly task: string;
    readonly running: number;
    readonly pending: number;
    readonly oldest_waiting_ms: number | null;
    readonly last_completion_at: string | null;
  }[];
}

/** The workers of one process: one for each kind of work, and one for webhooks. */
export class JobWorkers {
  readonly #queue: JobQueue;
  readonly #availability: Availability;
  readonly #workers: readonly JobWorker[];
  readonly #webhooks: WebhookWorker;
  #stopped = false;

  /** @param maxDeaths MAX_WORKER_DEATHS */
  constructor(
    queue: JobQueue,
    jobs: JobRepository,
    changes: JobChanges,
    availability: Availability,
    tasks: readonly JobTask[],
    post: PostWebhook,
    maxDeaths: number,
  ) {
    this.#queue = queue;
    this.#availability = availability;
    this.#workers = tasks.map((task) => new JobWorker(jobs, changes, task, maxDeaths));
    this.#webhooks = new WebhookWorker(jobs, post);
  }

  /** Begins to take jobs as soon as the backend is there. */
  start(): void {
    this.#availability.onUp(() => {
      if (this.#stopped) return;
      for (const worker of this.#workers) worker.start();
      this.#webhooks.start();
    });
  }

  /** Takes no more jobs; those that do not end within `timeoutMs` are handed back. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopped = true;
    const deadline = AbortSignal.timeout(timeoutMs);
    await Promise.race([
      Promise.all([...this.#workers.map((worker) => worker.stop(deadline)), this.#webhooks.stop()]),
      // A backend that is away must not keep the process: what it holds is recovered by its lock.
      new Promise((resolve) => setTimeout(resolve, timeoutMs + HAND_BACK_MS).unref()),
    ]);
  }

  async health(): Promise<WorkersHealth> {
    const up = await this.#queue.reachable(HEALTH_TIMEOUT_MS);
    const now = this.#queue.now();
    const tasks = await Promise.all(
      this.#workers.map(async ({ progress }) => {
        const backlog = up ? await this.#queue.backlog(progress.task).catch(() => null) : null;
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

const HAND_BACK_MS = 2_000;
const HEALTH_TIMEOUT_MS = 500;
