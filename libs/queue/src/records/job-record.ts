import type { SerializedError } from '@aerie/contracts';

/** The states of a job, as callers see them. */
export const JOB_STATUSES = ['pending', 'processing', 'completed', 'failed', 'canceled'] as const;

/** State of a job: pending -> processing -> completed | failed | canceled, and back to pending for another attempt. */
export type JobStatus = (typeof JOB_STATUSES)[number];

/** The kinds of event a job has. */
export const JOB_EVENT_TYPES = [
  'job.processing',
  'job.progress',
  'job.completed',
  'job.failed',
  'job.canceled',
] as const;

/** What happened to a job. */
export type JobEventType = (typeof JOB_EVENT_TYPES)[number];

/** The latest event of a job. Earlier ones are not kept: a receiver sees a subsequence. */
export interface JobEvent {
  /** Rises by one with each event of the job, from 1. */
  readonly sequence: number;
  readonly type: JobEventType;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Where a job's events are sent. */
export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
  readonly events: readonly JobEventType[];
}

/** Everything about a job but its input and result: small, and rewritten at each step. */
export interface JobHead {
  /** Version of this layout. */
  readonly v: 1;
  readonly id: string;
  /** Kind of work, which is also the name of its queue. */
  readonly task: string;
  readonly status: JobStatus;
  /** Model and version that were asked for. */
  readonly model: string | null;
  readonly modelVersion: string | null;
  /** What keeps its caller on one version of a traffic split. */
  readonly stickyKey: string;
  /** 0..100; higher goes first. */
  readonly priority: number;
  /** How often it may be tried. */
  readonly maxAttempts: number;
  /** How often it was tried and came to an end, failed or not; deaths of workers count on their own. */
  readonly attempts: number;
  /** How often it was running when its worker died. */
  readonly deaths: number;
  /** Who runs it; null while nobody does. */
  readonly runId: string | null;
  readonly cancelRequested: boolean;
  /** 0..1 */
  readonly progress: number;
  readonly event: JobEvent | null;
  readonly error: SerializedError | null;
  readonly servedModel: string | null;
  readonly servedVersion: string | null;
  /** Epoch milliseconds, like all times here. */
  readonly createdAt: number;
  /** Not before. */
  readonly runAt: number;
  /** Fails with TIMEOUT when it was not begun by then. */
  readonly expiresAt: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly retryOf: string | null;
  readonly batchId: string | null;
  readonly batchIndex: number | null;
  /** Of the request that made it with an Idempotency-Key; empty without. */
  readonly fingerprint: string;
  readonly webhook: WebhookTarget | null;
}

/** A head with the number that a change must name. */
export interface VersionedHead {
  readonly head: JobHead;
  readonly version: number;
}

/** A job with its input and result, each as JSON text. */
export interface JobRecord extends VersionedHead {
  readonly input: string;
  readonly result: string | null;
}

/** Whether the state is final. */
export function isTerminal(status: JobStatus): status is 'completed' | 'failed' | 'canceled' {
  return status === 'completed' || status === 'failed' || status === 'canceled';
}

/** The id of an event: the same however often and over whichever way it is sent. */
export function eventId(head: JobHead, event: JobEvent): string {
  return `${head.id}-${String(event.sequence)}`;
}
