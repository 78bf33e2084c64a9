import { AerieError } from '@aerie/contracts';
import type { JobQueue, NewJob } from '@aerie/queue';
import { describe, expect, it, jest } from '@jest/globals';
import { JobBatchService, type JobBatchSubmission } from './job-batch.service.js';
import { JobService } from './job.service.js';

/** More than are stored at once. */
const BATCH: JobBatchSubmission = {
  task: 'embed',
  model: null,
  inputs: Array.from({ length: 600 }, () => ({ text: 'a' })),
};

function setUp(maxPending = 1_000) {
  const queue = {
    now: () => 1_000,
    backlog: () => Promise.resolve({ pending: 0, oldestPendingAt: null }),
    insertBatch: jest.fn(() => Promise.resolve()),
    submit: jest.fn((jobs: readonly NewJob[]) => Promise.resolve(jobs.map(({ head }) => head))),
    batch: () => Promise.resolve({ task: 'embed', total: 600, createdAt: 1_000, cancelRequested: false }),
    batchCounts: () => Promise.resolve({ pending: 600, processing: 0, completed: 0, failed: 0, canceled: 0 }),
  };
  const checkModel = jest.fn();
  const jobs = new JobService(
    queue as unknown as JobQueue,
    { maxPending, maxPayloadBytes: 20 },
    { checkModel },
  );
  const sut = new JobBatchService(queue as unknown as JobQueue, jobs);
  const notStored = jest.fn((_items: number) => Promise.resolve());
  const submit = (batch: Partial<JobBatchSubmission> = {}) =>
    sut.submit({ ...BATCH, ...batch }, 'c', '', notStored);
  return { queue, checkModel, submit, notStored };
}

const away = new AerieError('QUEUE_UNAVAILABLE', 'away');

describe('submitting a job batch', () => {
  it('stores all of its items', async () => {
    const { queue, submit, notStored } = setUp();
    await expect(submit()).resolves.toMatchObject({ counts: { total: 600 } });
    expect(queue.submit.mock.calls.map(([{ length }]) => length)).toEqual([500, 100]);
    expect(notStored).not.toHaveBeenCalled();
  });

  it('reports that no item was stored, whatever refuses it', async () => {
    const unknown = setUp();
    unknown.checkModel.mockImplementation(() => {
      throw new AerieError('MODEL_NOT_FOUND', 'There is no such model.');
    });
    await expect(unknown.submit()).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    const full = setUp(10);
    await expect(full.submit()).rejects.toMatchObject({ code: 'OVERLOADED' });
    const large = setUp();
    const inputs = [{ text: 'x'.repeat(20) }];
    await expect(large.submit({ inputs })).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    const unreachable = setUp();
    unreachable.queue.insertBatch.mockRejectedValue(away);
    await expect(unreachable.submit()).rejects.toBe(away);
    const reports = [unknown, full, large, unreachable].map(({ notStored }) => notStored.mock.calls);
    expect(reports).toEqual([[[600]], [[600]], [[1]], [[600]]]);
  });

  it('reports the rest if the queue is lost when a part is stored', async () => {
    const { queue, submit, notStored } = setUp();
    queue.submit.mockImplementationOnce((jobs) => Promise.resolve(jobs.map(({ head }) => head)));
    queue.submit.mockRejectedValueOnce(away);
    await expect(submit()).rejects.toBe(away);
    expect(notStored.mock.calls).toEqual([[100]]);
  });
});
