import { randomBytes } from 'node:crypto';
import type { JobBatch, Delivery, JobHead, NewJob } from '@aerie/queue';

/** The fields of a job that vary between tests. */
export interface JobSample extends Partial<JobHead> {
  readonly input?: string;
  readonly key?: string | null;
}

/** A job that was just submitted. */
export function newJob(id: string, { input = '{}', key = null, ...head }: JobSample = {}): NewJob {
  return {
    head: {
      v: 1,
      id,
      task: 'embed',
      status: 'pending',
      model: null,
      modelVersion: null,
      stickyKey: '',
      priority: 0,
      maxAttempts: 3,
      attempts: 0,
      deaths: 0,
      handBacks: 0,
      runId: null,
      cancelRequested: false,
      progress: 0,
      event: null,
      error: null,
      servedModel: null,
      servedVersion: null,
      createdAt: Date.now(),
      runAt: 0,
      expiresAt: null,
      startedAt: null,
      finishedAt: null,
      retryOf: null,
      batchId: null,
      batchIndex: null,
      fingerprint: randomBytes(4).toString('hex'),
      webhook: null,
      ...head,
    },
    input,
    idempotencyKey: key,
  };
}

/** A batch whose jobs are not stored yet. */
export function newBatch(id: string, total: number): JobBatch {
  return { v: 1, id, task: 'embed', model: null, total, createdAt: Date.now(), cancelRequested: false };
}

/** A webhook delivery for the latest event of a job. */
export function deliveryFor(head: JobHead): Delivery {
  const event = head.event ?? { sequence: 1, type: 'job.processing', at: Date.now() };
  return {
    v: 1,
    id: `${head.id}-${String(event.sequence)}`,
    jobId: head.id,
    event,
    progress: head.progress,
    status: 'pending',
    attempts: [],
    nextAttemptAt: event.at,
  };
}
