import { AerieError } from '@aerie/contracts';
import { describe, expect, it } from '@jest/globals';
import { PENDING_JOB } from '../testing/pending-job.js';
import type { JobHead } from './job-record.js';
import { viewJob } from './job-view.js';
import {
  attemptFailed,
  cancelAsked,
  canceled,
  claim,
  completed,
  expire,
  handedBack,
  progressed,
} from './transitions.js';

const SERVED = { model: 'm', version: '1' };

function running(runId = 'a', head: JobHead = PENDING_JOB): JobHead {
  const step = claim(head, runId, 2_000, 5);
  if (step.kind !== 'run') throw new Error(`expected a run, got ${step.kind}`);
  return step.next;
}

describe('a job', () => {
  it('numbers its events without gaps', () => {
    const started = running();
    const further = progressed(started, 'a', 0.5, 2_100);
    const done = completed(further ?? started, SERVED, 2_200);
    expect([started, further, done].map((head) => head?.event?.sequence)).toEqual([1, 2, 3]);
  });

  it('never leaves a final state', () => {
    const done = completed(running(), SERVED, 2_200) ?? PENDING_JOB;
    expect(done.status).toBe('completed');
    expect(claim(done, 'b', 3_000, 5)).toEqual({ kind: 'finished' });
    expect(completed(done, SERVED, 3_000)).toBeNull();
    expect(cancelAsked(done, 3_000)).toBeNull();
    expect(attemptFailed(done, new AerieError('TIMEOUT', 'late'), 3_000)).toBeNull();
  });

  it('counts a death if another worker takes it over, and fails with WORKER_LOST at the limit', () => {
    let head = running('0');
    for (let death = 1; death < 5; death++) {
      head = running(String(death), head);
      expect(head.deaths).toBe(death);
    }
    const last = claim(head, '5', 3_000, 5);
    expect(last).toMatchObject({ kind: 'end', next: { status: 'failed', error: { code: 'WORKER_LOST' } } });
  });

  it('counts deaths of workers that had not yet stored that they run it', () => {
    const twice = claim(PENDING_JOB, 'a', 2_000, 5, 2);
    expect(twice).toMatchObject({ kind: 'run', next: { deaths: 2 } });
    expect(claim({ ...PENDING_JOB, deaths: 5 }, 'a', 2_000, 5, 5).kind).toBe('run');
    expect(claim(PENDING_JOB, 'a', 2_000, 5, 5)).toMatchObject({
      kind: 'end',
      next: { status: 'failed', error: { code: 'WORKER_LOST' } },
    });
  });

  it('is tried again only after a retryable error, and only up to its attempts', () => {
    const passing = new AerieError('OVERLOADED', 'busy');
    const first = attemptFailed(running(), passing, 2_100);
    expect(first).toMatchObject({ status: 'pending', attempts: 1, deaths: 0 });
    expect(attemptFailed(running('b', first ?? PENDING_JOB), passing, 2_200)?.status).toBe('failed');
    const bad = attemptFailed(running(), new AerieError('INVALID_INPUT', 'bad'), 2_100);
    expect(bad).toMatchObject({ status: 'failed', attempts: 1 });
  });

  it('is canceled at once while it waits, and asked to stop while it runs', () => {
    expect(cancelAsked(PENDING_JOB, 2_000)?.status).toBe('canceled');
    const asked = cancelAsked(running(), 2_000);
    expect(asked).toMatchObject({ status: 'processing', cancelRequested: true });
    expect(canceled(asked ?? PENDING_JOB, 2_100).event?.type).toBe('job.canceled');
  });

  it('is not run again if it lost its worker after a cancel request', () => {
    const asked = cancelAsked(running(), 2_000) ?? PENDING_JOB;
    expect(claim(asked, 'b', 3_000, 5)).toMatchObject({ kind: 'end', next: { status: 'canceled' } });
  });

  it('never shows fewer attempts than before, however a run ends', () => {
    const passing = new AerieError('OVERLOADED', 'busy');
    const shown = (head: JobHead | null) => viewJob(head ?? PENDING_JOB, null).attempts;
    const second = running('b', attemptFailed(running(), passing, 2_100) ?? PENDING_JOB);
    expect(shown(second)).toBe(2);
    const asked = cancelAsked(second, 2_200) ?? PENDING_JOB;
    const lost = claim(asked, 'c', 3_000, 5, 1);
    if (lost.kind !== 'end') throw new Error(`expected an end, got ${lost.kind}`);
    const back = handedBack(second, 'b');
    expect([canceled(asked, 2_300), lost.next, back, running('c', back ?? second)].map(shown)).toEqual([
      2, 2, 2, 3,
    ]);
    expect(back).toMatchObject({ status: 'pending', attempts: 1, deaths: 0 });
  });

  it('expires after its ttl only while it waits', () => {
    const short = { ...PENDING_JOB, expiresAt: 5_000 };
    expect(expire(short, 4_999)).toBeNull();
    expect(expire(short, 5_000)).toMatchObject({ status: 'failed', error: { code: 'TIMEOUT' } });
    expect(expire(running('a', short), 6_000)).toBeNull();
    expect(claim(short, 'a', 6_000, 5)).toMatchObject({ kind: 'end', next: { startedAt: null } });
  });

  it('waits until its start time', () => {
    expect(claim({ ...PENDING_JOB, runAt: 9_000 }, 'a', 2_000, 5)).toEqual({ kind: 'early', waitMs: 7_000 });
  });
});
