import { AerieError } from '@aerie/contracts';
import { MemoryLogger, settle } from '@aerie/test-support';
import { describe, expect, it } from '@jest/globals';
import { FakePool } from '../testing/fake-pool.js';
import { ReplicaWarmUp } from './replica-warm-up.js';

function setUp(items: readonly unknown[] = ['trial']) {
  const pool = new FakePool();
  const logger = new MemoryLogger();
  const ready: number[] = [];
  const traffic = { batches: 0 };
  const warmUp = new ReplicaWarmUp({
    name: 'm@1',
    pool,
    items,
    runningBatches: () => traffic.batches,
    onReady: (replicas) => ready.push(replicas),
    logger,
  });
  return { pool, logger, ready, traffic, warmUp };
}

describe('ReplicaWarmUp', () => {
  it('tries the first replica before it takes traffic', async () => {
    const { pool, ready, warmUp } = setUp();
    pool.held = true;
    const started = warmUp.start();
    await settle();
    expect(pool.runs).toEqual([['trial']]);
    expect(ready).toEqual([]);
    pool.finish();
    await started;
    expect(ready).toEqual([1]);
  });

  it('tries each replica that comes up later: one run for each that is not busy', async () => {
    const { pool, ready, traffic, warmUp } = setUp();
    await warmUp.start();
    pool.held = true;
    pool.setCapacity(2);
    await settle();
    expect(pool.runs).toHaveLength(1 + 2);
    expect(ready).toEqual([1]);
    pool.finish();
    pool.finish();
    await settle();
    expect(ready).toEqual([1, 2]);
    traffic.batches = 2;
    pool.setCapacity(3);
    await settle();
    expect(pool.runs).toHaveLength(1 + 2 + 1);
    pool.finish();
    await settle();
    expect(ready).toEqual([1, 2, 3]);
  });

  it('takes a lost replica off at once, and tries its successor', async () => {
    const { pool, ready, warmUp } = setUp();
    pool.setCapacity(2);
    await warmUp.start();
    pool.setCapacity(1);
    expect(ready).toEqual([2, 1]);
    pool.held = true;
    pool.setCapacity(2);
    await settle();
    expect(ready).toEqual([2, 1]);
    pool.finish();
    pool.finish();
    await settle();
    expect(ready).toEqual([2, 1, 2]);
  });

  it('tries again when a replica was lost during the trial', async () => {
    const { pool, ready, warmUp } = setUp();
    await warmUp.start();
    pool.held = true;
    pool.setCapacity(2);
    pool.setCapacity(1);
    pool.setCapacity(2);
    pool.finish();
    pool.finish();
    await settle();
    expect(ready).toEqual([1]);
    pool.finish();
    pool.finish();
    await settle();
    expect(ready).toEqual([1, 2]);
  });

  it('fails when the first trial fails or its item is refused', async () => {
    const broken = setUp();
    broken.pool.held = true;
    const started = broken.warmUp.start();
    broken.pool.fail(new AerieError('INTERNAL', 'kernel threw'));
    await expect(started).rejects.toMatchObject({
      reason: "the model's trial run failed",
      detail: 'kernel threw',
    });

    const refused = setUp();
    refused.pool.answer = () => ({ ok: false, code: 'INVALID_INPUT', message: 'too long' });
    await expect(refused.warmUp.start()).rejects.toMatchObject({
      detail: expect.stringContaining('too long'),
    });
  });

  it('goes on with the replicas it has when the trial of a later one fails', async () => {
    const { pool, ready, logger, warmUp } = setUp();
    await warmUp.start();
    pool.held = true;
    pool.setCapacity(2);
    pool.fail(new AerieError('WORKER_LOST', 'died'));
    await settle();
    expect(ready).toEqual([1]);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { model: 'm@1' } }]);
  });

  it('runs nothing for a model that cannot be tried', async () => {
    const { pool, ready, warmUp } = setUp([]);
    await warmUp.start();
    pool.setCapacity(3);
    await settle();
    expect(pool.runs).toEqual([]);
    expect(ready).toEqual([1, 3]);
  });

  it('follows no more after it was stopped', async () => {
    const { pool, ready, warmUp } = setUp();
    await warmUp.start();
    warmUp.stop();
    pool.setCapacity(2);
    await settle();
    expect(ready).toEqual([1]);
  });
});
