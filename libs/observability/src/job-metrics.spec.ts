import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { registerJobMetrics } from './job-metrics.js';

describe('the metrics of jobs', () => {
  it('report for each task the running and waiting jobs, the age of the oldest, and the last finish', async () => {
    const registry = new Registry();
    registerJobMetrics(registry, () =>
      Promise.resolve([
        {
          task: 'embed',
          running: 2,
          pending: 5,
          oldestWaitingMs: 1_500,
          lastCompletionAt: 1_700_000_000_000,
        },
        { task: 'chat', running: 0, pending: 0, oldestWaitingMs: null, lastCompletionAt: null },
      ]),
    );
    const lines = (await registry.metrics()).split('\n').filter((line) => /^\w/.test(line));
    expect(lines.sort()).toEqual([
      'aerie_jobs_last_completion_timestamp_seconds{task="embed"} 1700000000',
      'aerie_jobs_oldest_waiting_seconds{task="chat"} 0',
      'aerie_jobs_oldest_waiting_seconds{task="embed"} 1.5',
      'aerie_jobs_pending{task="chat"} 0',
      'aerie_jobs_pending{task="embed"} 5',
      'aerie_jobs_running{task="chat"} 0',
      'aerie_jobs_running{task="embed"} 2',
    ]);
  });
});
