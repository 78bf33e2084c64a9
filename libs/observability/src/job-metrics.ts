import { Gauge, type Registry } from 'prom-client';

/** The progress of one task's jobs. */
export interface JobGauges {
  readonly task: string;
  readonly running: number;
  readonly pending: number;
  /** Null while none waits. */
  readonly oldestWaitingMs: number | null;
  /** Epoch milliseconds; null before the first. */
  readonly lastCompletionAt: number | null;
}

/** Names of the metrics of jobs. */
export const JOB_METRIC_NAMES = {
  running: 'aerie_jobs_running',
  pending: 'aerie_jobs_pending',
  oldestWaiting: 'aerie_jobs_oldest_waiting_seconds',
  lastCompletion: 'aerie_jobs_last_completion_timestamp_seconds',
} as const;

/** Registers the metrics of a process that runs jobs. Each scrape reads the jobs once, for all metrics. */
export function registerJobMetrics(registry: Registry, read: () => Promise<readonly JobGauges[]>): void {
  let reading: Promise<readonly JobGauges[]> | null = null;
  const readOnce = (): Promise<readonly JobGauges[]> => {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };
  const register = (name: string, help: string, valueOf: (task: JobGauges) => number | null): void => {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ['task'],
      registers: [registry],
      collect: async () => {
        for (const progress of await readOnce()) {
          const value = valueOf(progress);
          if (value !== null) gauge.set({ task: progress.task }, value);
        }
      },
    });
  };
  register(JOB_METRIC_NAMES.running, 'Jobs that this process runs.', ({ running }) => running);
  register(JOB_METRIC_NAMES.pending, 'Jobs that wait, over all processes.', ({ pending }) => pending);
  register(
    JOB_METRIC_NAMES.oldestWaiting,
    'Age of the oldest waiting job; 0 while none waits.',
    ({ oldestWaitingMs }) => (oldestWaitingMs ?? 0) / 1000,
  );
  register(
    JOB_METRIC_NAMES.lastCompletion,
    'When this process last finished a job; missing before the first.',
    ({ lastCompletionAt }) => (lastCompletionAt === null ? null : lastCompletionAt / 1000),
  );
}
