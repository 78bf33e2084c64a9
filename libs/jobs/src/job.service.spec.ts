import { AerieError } from '@aerie/contracts';
import type { JobQueue } from '@aerie/queue';
import { FakeClock } from '@aerie/test-support';
import { describe, expect, it, jest } from '@jest/globals';
import type { JobSubmission } from './job-submission.js';
import type { JobChecks } from './job-checks.js';
import { JobService } from './job.service.js';

const SUBMISSION: JobSubmission = {
  task: 'embed',
  input: { text: 'a' },
  model: null,
  modelVersion: null,
  stickyKey: '',
  caller: 'c',
  idempotencyKey: null,
  options: { priority: 0, attempts: 3, delayMs: 0, ttlMs: null, webhook: null },
};

/** A queue that accepts all jobs and keeps them. */
function setUp({ maxPending = 10, maxPayloadBytes = 100 } = {}, checks: JobChecks = {}) {
  const clock = new FakeClock();
  const jobs = new Map<string, { head: never; result: null }>();
  const watchers = new Set<() => void>();
  const queue = {
    now: () => clock.now(),
    backlog: () => Promise.resolve({ pending: 0, oldestPendingAt: null }),
    submit: jest.fn((submitted: readonly { head: { id: string } }[]) => {
      for (const { head } of submitted) jobs.set(head.id, { head: head as never, result: null });
      return Promise.resolve(submitted.map(({ head }) => head));
    }),
    record: jest.fn((id: string) => Promise.resolve(jobs.get(id) ?? null)),
    head: (id: string) => Promise.resolve(jobs.get(id)?.head),
    withKey: jest.fn(() => Promise.resolve(null as unknown)),
    cancel: jest.fn((_id: string) => Promise.resolve(null as unknown)),
    watch: (_id: string, changed: () => void) => {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
  const sut = new JobService(queue as unknown as JobQueue, { maxPending, maxPayloadBytes }, checks, clock);
  const change = (id: string, fields: object) => {
    const job = jobs.get(id);
    if (job !== undefined) Object.assign(job.head, fields);
    for (const changed of watchers) changed();
  };
  return { sut, queue, clock, watchers, change };
}

const signal = () => new AbortController().signal;

describe('submitting a job', () => {
  it('stores it, and refuses the next while the limit is reached', async () => {
    const { sut, queue } = setUp({ maxPending: 1 });
    expect(await sut.submit(SUBMISSION)).toMatchObject({ task: 'embed', status: 'pending' });
    await expect(sut.submit(SUBMISSION)).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(queue.submit).toHaveBeenCalledTimes(1);
  });

  it('finds the job of its idempotency key even if the limit is reached', async () => {
    const { sut, queue } = setUp({ maxPending: 1 });
    const keyed = { ...SUBMISSION, idempotencyKey: 'k' };
    const first = await sut.submit(keyed);
    queue.withKey.mockResolvedValue(first);
    expect((await sut.submit(keyed)).id).toBe(first.id);
    await expect(sut.submit({ ...keyed, input: { text: 'b' } })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
  });

  it('frees its place if the queue did not store it', async () => {
    const { sut, queue } = setUp({ maxPending: 1 });
    queue.submit.mockRejectedValueOnce(new AerieError('QUEUE_UNAVAILABLE', 'away'));
    await expect(sut.submit(SUBMISSION)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    await sut.submit(SUBMISSION);
  });

  it('refuses an input that is too large', async () => {
    const { sut } = setUp({ maxPayloadBytes: 20 });
    await expect(sut.submit({ ...SUBMISSION, input: { text: 'x'.repeat(20) } })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });

  it('refuses a model that does not exist and a webhook that is never allowed, and stores nothing', async () => {
    const { sut, queue } = setUp(
      {},
      {
        checkModel: (_task, model) => {
          if (model !== null) throw new AerieError('MODEL_NOT_FOUND', `There is no model ${model}.`);
        },
        checkWebhook: () => {
          throw new AerieError('INVALID_INPUT', 'refused');
        },
      },
    );
    await expect(sut.submit({ ...SUBMISSION, model: 'none' })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    const webhook = { url: 'http://127.0.0.1/', secret: null, events: [] };
    const refused = sut.submit({ ...SUBMISSION, options: { ...SUBMISSION.options, webhook } });
    await expect(refused).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ field: 'webhook.url' }],
    });
    expect(queue.submit).not.toHaveBeenCalled();
  });
});

describe('waiting for a job', () => {
  it('ends when the job ends, and leaves no listener behind', async () => {
    const { sut, clock, change, watchers } = setUp();
    const { id } = await sut.submit(SUBMISSION);
    const waited = sut.waitFor(id, 60_000, signal());
    await clock.endTurn();
    change(id, { progress: 0.5 });
    await clock.advance(1_000);
    change(id, { status: 'completed' });
    await clock.endTurn();
    expect((await waited).head.status).toBe('completed');
    expect([watchers.size, clock.armed]).toEqual([0, []]);
  });

  it('returns the current job when the time is up or the caller leaves', async () => {
    const { sut, clock, watchers } = setUp();
    const { id } = await sut.submit(SUBMISSION);
    const late = sut.waitFor(id, 5_000, signal());
    await clock.endTurn();
    await clock.advance(5_000);
    expect((await late).head.status).toBe('pending');
    const caller = new AbortController();
    const left = sut.waitFor(id, 5_000, caller.signal);
    await clock.endTurn();
    caller.abort();
    expect((await left).head.status).toBe('pending');
    expect([watchers.size, clock.armed]).toEqual([0, []]);
  });

  it('misses no change between the read and the wait', async () => {
    const { sut, queue, clock, change } = setUp();
    const { id } = await sut.submit(SUBMISSION);
    const record = queue.record.getMockImplementation();
    queue.record.mockImplementationOnce(async (asked) => {
      const found = await record?.(asked);
      const before =
        found === null || found === undefined ? null : { ...found, head: { ...(found.head as object) } };
      change(id, { status: 'failed' });
      return before as never;
    });
    const waited = sut.waitFor(id, 60_000, signal());
    await clock.endTurn();
    expect((await waited).head.status).toBe('failed');
  });
});

describe('canceling and retrying a job', () => {
  it('reports the state of a finished job, and finds no job for a malformed id', async () => {
    const { sut, change } = setUp();
    const { id } = await sut.submit(SUBMISSION);
    change(id, { status: 'completed' });
    await expect(sut.cancel(id)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'The job is already completed and cannot be canceled.',
    });
    await expect(sut.retry(id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(sut.head('nothing')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });
});
