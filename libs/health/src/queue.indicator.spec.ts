import type { JobQueue } from '@aerie/queue';
import { describe, expect, it } from '@jest/globals';
import { HealthIndicatorService } from '@nestjs/terminus';
import { QueueIndicator } from './queue.indicator.js';

const check = (backend: string, state: string, isReachable: boolean) => {
  const queue = { backend, state, reachable: () => Promise.resolve(isReachable) };
  return new QueueIndicator(queue as unknown as JobQueue, new HealthIndicatorService()).check();
};

describe('the job queue', () => {
  it.each([
    ['redis', 'up', true, { status: 'up', state: 'up' }],
    ['redis', 'down', false, { status: 'degraded', state: 'down' }],
    ['redis', 'starting', false, { status: 'degraded', state: 'starting' }],
    ['embedded', 'starting', false, { status: 'up', state: 'starting' }],
    ['embedded', 'down', false, { status: 'degraded', state: 'down' }],
  ])('on %s in state %s, reachable: %s', async (backend, state, isReachable, expected) => {
    await expect(check(backend, state, isReachable)).resolves.toEqual({ queue: { backend, ...expected } });
  });
});
