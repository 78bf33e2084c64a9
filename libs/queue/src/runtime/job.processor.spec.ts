import { AerieError } from '@aerie/contracts';
import { settle } from '@aerie/test-support';
import { DelayedError, WaitingError } from 'bullmq';
import { describe, expect, it } from '@jest/globals';
import { newBullJob } from '../testing/bull-job.js';
import { newMemoryQueue } from '../testing/memory-queue.js';
import { JobProcessor, type JobProcessorOptions } from './job.processor.js';
import type { JobOutcome, RunningJob } from './running-job.js';

const OUTCOME: JobOutcome = { result: { ok: true }, model: 'm', version: '1' };

class TestProcessor extends JobProcessor {
  readonly runs: RunningJob[] = [];
  work: (job: RunningJob) => Promise<JobOutcome> = () => Promise.resolve(OUTCOME);

  constructor(options: JobProcessorOptions) {
    super('embed', options);
  }

  override run(job: RunningJob): Promise<JobOutcome> {
    this.runs.push(job);
    return this.work(job);
  }
}

async function setUp() {
  const memory = await newMemoryQueue();
  const { jobs, changes, clock } = memory;
  const sut = new TestProcessor({ jobs, changes, clock, concurrency: 2, maxDeaths: 2 });
  return { ...memory, sut };
}

/** Work that runs until it is ended. */
function gate() {
  let open: (outcome: JobOutcome) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const work = new Promise<JobOutcome>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { work, open, fail };
}

const away = () => Promise.reject(new Error('away'));
const here = () => Promise.resolve();
/** A retryable error. */
const overloaded = () => Promise.reject(new AerieError('WORKER_LOST', 'busy'));

describe('a job that is run', () => {
  it('ends once, with its result and the version that served it', async () => {
    const { sut, submit, store, headOf } = await setUp();
    const id = await submit({}, { text: 'a' });
    await sut.process(newBullJob(id).job, 'token');
    await settle();
    expect(headOf()).toMatchObject({
      status: 'completed',
      attempts: 1,
      servedModel: 'm',
      servedVersion: '1',
    });
    expect(store.jobs.get(id)?.result).toBe('{"ok":true}');
    expect(sut.runs[0]?.input).toEqual({ text: 'a' });
  });

  it('is not run again if it is finished, even if its queue hands it out', async () => {
    const { sut, submit } = await setUp();
    const id = await submit();
    await sut.process(newBullJob(id).job, 'token');
    await settle();
    await sut.process(newBullJob(id, { attemptsStarted: 2 }).job, 'token');
    expect(sut.runs).toHaveLength(1);
  });

  it('is shown as processing within 30 ms if it takes longer', async () => {
    const { sut, submit, clock, headOf } = await setUp();
    const { work, open } = gate();
    sut.work = () => work;
    const processed = sut.process(newBullJob(await submit()).job, 'token');
    await settle();
    expect(headOf()?.status).toBe('pending');
    await clock.advance(30);
    expect(headOf()).toMatchObject({ status: 'processing', event: { sequence: 1, type: 'job.processing' } });
    open(OUTCOME);
    await processed;
    await settle();
    expect(headOf()).toMatchObject({ status: 'completed', event: { sequence: 2 } });
  });

  it('keeps its result if the answers of the store are lost and writes are repeated', async () => {
    const { sut, submit, store, clock, headOf } = await setUp();
    const id = await submit();
    store.after = (operation) => (operation === 'change' ? away() : here());
    await sut.process(newBullJob(id).job, 'token');
    await settle();
    store.after = here;
    await clock.advance(250);
    expect(headOf()).toMatchObject({ status: 'completed', attempts: 1, event: { sequence: 2 } });
    expect(store.jobs.get(id)?.result).toBe('{"ok":true}');
  });

  it('stores its end when the store is back', async () => {
    const { sut, submit, store, clock, headOf } = await setUp();
    store.before = (operation) => (operation === 'change' ? away() : here());
    await sut.process(newBullJob(await submit()).job, 'token');
    await clock.advance(2_000);
    expect(headOf()?.status).toBe('pending');
    store.before = here;
    await clock.advance(250);
    expect(headOf()?.status).toBe('completed');
  });
});

describe('a job that is canceled', () => {
  it('before its run is stored stays canceled, and the run is interrupted', async () => {
    const { sut, submit, queue, clock, headOf, store } = await setUp();
    const id = await submit();
    sut.work = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    const processed = sut.process(newBullJob(id).job, 'token');
    await settle();
    expect((await queue.cancel(id))?.status).toBe('canceled');
    await clock.advance(60);
    await processed;
    expect(headOf()).toMatchObject({ status: 'canceled', event: { sequence: 1, type: 'job.canceled' } });
    expect(store.jobs.get(id)?.result).toBeNull();
  });

  it('while it runs ends as canceled, even if the run has a result', async () => {
    const { sut, submit, queue, clock, headOf } = await setUp();
    const id = await submit();
    const { work, open } = gate();
    sut.work = () => work;
    const processed = sut.process(newBullJob(id).job, 'token');
    await settle();
    await clock.advance(30);
    expect(await queue.cancel(id)).toMatchObject({ status: 'processing', cancelRequested: true });
    open(OUTCOME);
    await processed;
    await settle();
    expect(headOf()).toMatchObject({ status: 'canceled', attempts: 1, finishedAt: clock.now() });
  });
});

describe('a job whose attempt failed', () => {
  it('is tried again after doubling waits, up to its attempts', async () => {
    const { sut, submit, headOf, clock } = await setUp();
    const id = await submit({ maxAttempts: 3 });
    sut.work = overloaded;
    for (const [attempt, least, most] of [
      [1, 500, 1_000],
      [2, 1_000, 2_000],
    ] as const) {
      const { job, moveToDelayed } = newBullJob(id, { attemptsStarted: attempt });
      await expect(sut.process(job, 'token')).rejects.toBeInstanceOf(DelayedError);
      const wait = (moveToDelayed.mock.calls[0]?.[0] ?? 0) - clock.now();
      expect([wait >= least, wait <= most]).toEqual([true, true]);
      expect(headOf()).toMatchObject({ status: 'pending', attempts: attempt });
    }
    await sut.process(newBullJob(id, { attemptsStarted: 3 }).job, 'token');
    expect(headOf()).toMatchObject({ status: 'failed', attempts: 3, error: { code: 'WORKER_LOST' } });
  });

  it('is not tried again after an error that is not retryable', async () => {
    const { sut, submit, headOf, logger } = await setUp();
    sut.work = () => Promise.reject(new Error('a bug'));
    await sut.process(newBullJob(await submit()).job, 'token');
    expect(headOf()).toMatchObject({ status: 'failed', error: { code: 'INTERNAL' } });
    expect(logger.lines.at(-1)).toMatchObject({ level: 'error', message: 'a job failed' });
  });
});

describe('a job whose worker died', () => {
  it('counts the death and runs again, and fails with WORKER_LOST at the limit', async () => {
    const { sut, submit, headOf } = await setUp();
    const id = await submit({ status: 'processing', runId: 'dead' });
    sut.work = overloaded;
    const first = newBullJob(id, { attemptsStarted: 2, stalledCounter: 1 });
    await expect(sut.process(first.job, 'token')).rejects.toBeInstanceOf(DelayedError);
    expect(headOf()).toMatchObject({ status: 'pending', deaths: 1, attempts: 1 });
    await sut.process(newBullJob(id, { attemptsStarted: 3, stalledCounter: 2 }).job, 'token');
    expect(headOf()).toMatchObject({ status: 'failed', deaths: 2, error: { code: 'WORKER_LOST' } });
    expect(sut.runs).toHaveLength(1);
  });
});

describe('a job with a later start time', () => {
  it('is put back until then', async () => {
    const { sut, submit, clock } = await setUp();
    const id = await submit({ runAt: clock.now() + 5_000 });
    const { job, moveToDelayed } = newBullJob(id);
    await expect(sut.process(job, 'token')).rejects.toBeInstanceOf(DelayedError);
    expect(moveToDelayed).toHaveBeenCalledWith(clock.now() + 5_000, 'token');
    expect(sut.runs).toEqual([]);
  });
});

describe('a processor that stops', () => {
  it('hands running jobs back at the deadline, without using up an attempt', async () => {
    const { sut, submit, headOf, clock } = await setUp();
    const id = await submit();
    sut.work = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    const { job, moveToWait } = newBullJob(id);
    const processed = sut.process(job, 'token');
    const ended = expect(processed).rejects.toBeInstanceOf(WaitingError);
    await settle();
    await clock.advance(30);
    expect(headOf()?.status).toBe('processing');
    // Like BullMQ's worker, it closes when its jobs have ended.
    Object.assign(sut, {
      _worker: {
        concurrency: 1,
        run: () => Promise.resolve(),
        close: () => processed.catch(() => undefined),
      },
    });
    sut.start();
    await sut.stop(AbortSignal.abort());
    await ended;
    expect(headOf()).toMatchObject({ status: 'pending', attempts: 0, handBacks: 1, runId: null });
    expect(moveToWait).toHaveBeenCalledWith('token');
  });
});
