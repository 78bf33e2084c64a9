import { AerieError, type AerieErrorJson } from '@aerie/contracts';
import { type JobEvent, type JobEventType, type JobHead, isTerminal } from './job-record.js';

/** The state machine of a job. Each function returns the next head, or null if the step is not allowed. */

/** The outcome of a claim. */
export type Claim =
  /** Run it. */
  | { readonly kind: 'run'; readonly next: JobHead }
  /** Do not run it; it ends now. */
  | { readonly kind: 'end'; readonly next: JobHead }
  /** It is already finished. */
  | { readonly kind: 'finished' }
  /** Its start time has not come. */
  | { readonly kind: 'early'; readonly waitMs: number };

/**
 * A worker takes the job. If another worker was running it, that worker died, because BullMQ hands out no job while its
 * lock is renewed.
 *
 * @param runId the worker's name for this run
 * @param maxDeaths MAX_WORKER_DEATHS
 * @param stalls how often BullMQ saw its worker die, including workers that had not yet stored that they run it
 */
export function claim(head: JobHead, runId: string, now: number, maxDeaths: number, stalls = 0): Claim {
  if (isTerminal(head.status)) return { kind: 'finished' };
  const lost = head.status === 'processing' && head.runId !== runId;
  const deaths = Math.max(head.deaths + (lost ? 1 : 0), stalls);
  if (lost && head.cancelRequested) return { kind: 'end', next: canceled(head, now) };
  if (deaths > head.deaths && deaths >= maxDeaths) {
    const message = `The worker died ${String(deaths)} times while running this job (MAX_WORKER_DEATHS).`;
    return {
      kind: 'end',
      next: failed({ ...head, deaths }, new AerieError('WORKER_LOST', message).toJSON(), now),
    };
  }
  const next = expire(head, now);
  if (next !== null) return { kind: 'end', next };
  if (head.runAt > now) return { kind: 'early', waitMs: head.runAt - now };
  return {
    kind: 'run',
    next: {
      ...head,
      status: 'processing',
      deaths,
      runId,
      startedAt: head.startedAt ?? now,
      event: nextEvent(head, 'job.processing', now),
    },
  };
}

/** The job made progress. Null if it belongs to another run, or if nothing changed. */
export function progressed(head: JobHead, runId: string, progress: number, now: number): JobHead | null {
  if (head.status !== 'processing' || head.runId !== runId || progress <= head.progress) return null;
  return { ...head, progress, event: nextEvent(head, 'job.progress', now) };
}

/** The job is done. Null if it has already finished, because only one result is stored. */
export function completed(
  head: JobHead,
  served: { readonly model: string; readonly version: string },
  now: number,
): JobHead | null {
  if (isTerminal(head.status)) return null;
  return {
    ...head,
    ...ended(now),
    status: 'completed',
    progress: 1,
    attempts: head.attempts + 1,
    servedModel: served.model,
    servedVersion: served.version,
    event: nextEvent(head, 'job.completed', now),
  };
}

/** An attempt failed. The job is pending again if another attempt is left and may succeed, else failed. Null if finished. */
export function attemptFailed(head: JobHead, error: AerieError, now: number): JobHead | null {
  if (isTerminal(head.status)) return null;
  const tried = { ...head, attempts: head.attempts + 1 };
  if (!error.retryable || tried.attempts >= head.maxAttempts) return failed(tried, error.toJSON(), now);
  return { ...tried, status: 'pending', runId: null, error: error.toJSON() };
}

/** The worker stops and returns the job, which uses up no attempt. Null if the job belongs to another run. */
export function handedBack(head: JobHead, runId: string): JobHead | null {
  if (head.status !== 'processing' || head.runId !== runId) return null;
  return { ...head, status: 'pending', runId: null, handBacks: head.handBacks + 1 };
}

/** A caller cancels the job. It ends at once if it waits; if it runs, the worker is asked to stop. Null if finished. */
export function cancelAsked(head: JobHead, now: number): JobHead | null {
  if (isTerminal(head.status)) return null;
  return head.status === 'pending' ? canceled(head, now) : { ...head, cancelRequested: true };
}

/** The job ends as canceled, and with it the attempt that runs. */
export function canceled(head: JobHead, now: number): JobHead {
  return {
    ...head,
    ...ended(now),
    status: 'canceled',
    attempts: head.attempts + (head.status === 'processing' ? 1 : 0),
    cancelRequested: true,
    event: nextEvent(head, 'job.canceled', now),
  };
}

/** The job ends as failed. */
export function failed(head: JobHead, error: AerieErrorJson, now: number): JobHead {
  return { ...head, ...ended(now), status: 'failed', error, event: nextEvent(head, 'job.failed', now) };
}

/** Fails a waiting job whose `ttl` has passed; null before that. */
export function expire(head: JobHead, now: number): JobHead | null {
  if (head.status !== 'pending' || head.expiresAt === null || head.expiresAt > now) return null;
  const seconds = String((head.expiresAt - head.createdAt) / 1000);
  const message = `The job did not start within ${seconds} s (ttl).`;
  return failed(head, new AerieError('TIMEOUT', message).toJSON(), now);
}

/** Sets the fields of a finished job. */
function ended(now: number): Pick<JobHead, 'runId' | 'error' | 'finishedAt'> {
  return { runId: null, error: null, finishedAt: now };
}

function nextEvent(head: JobHead, type: JobEventType, at: number): JobEvent {
  return { sequence: (head.event?.sequence ?? 0) + 1, type, at };
}
