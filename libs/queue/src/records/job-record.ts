import type { AerieErrorJson } from '@aerie/contracts';

/** The states of a job, as callers see them. */
export const JOB_STATUSES = ['pending', 'processing', 'completed', 'failed', 'canceled'] as const;

/** State of a job: pending -> processing -> completed | failed | canceled, and back to pending for another attempt. */
export type JobStatus = (typeof JOB_STATUSES)[number];

/** The kinds of a job's events. */
export const JOB_EVENT_TYPES = [
  'job.processing',
  'job.progress',
  'job.completed',
  'job.failed',
  'job.canceled',
] as const;

/** An event of a job. */
export type JobEventType = (typeof JOB_EVENT_TYPES)[number];

/** The latest event of a job. Earlier ones are not kept: a receiver sees a subsequence. */
export interface JobEvent {
  /** Rises by one with each event of the job, from 1. */
  readonly sequence: number;
  readonly type: JobEventType;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The receiver of a job's events. */
export interface WebhookTarget {
  readonly url: string;
  /** The caller's secret; null if deliveries are signed with WEBHOOK_SECRET, which is not stored with jobs. */
  readonly secret: string | null;
  readonly events: readonly JobEventType[];
}

/** A job without its input and result. Small, and rewritten at each step. */
export interface JobHead {
  /** Version of this layout. */
  readonly v: 1;
  readonly id: string;
  /** Task, which also selects its queue. */
  readonly task: string;
  readonly status: JobStatus;
  /** The requested model and version. */
  readonly model: string | null;
  readonly modelVersion: string | null;
  /** Keeps its caller on one version of a traffic split. */
  readonly stickyKey: string;
  /** 0..100; higher goes first. */
  readonly priority: number;
  /** Maximum number of attempts. */
  readonly maxAttempts: number;
  /** Number of attempts that ended, failed or not. Worker deaths and hand-backs are counted separately. */
  readonly attempts: number;
  /** Number of workers that died while running it. */
  readonly deaths: number;
  /** Number of workers that stopped while running it and returned it. */
  readonly handBacks: number;
  /** Id of the current run; null while it does not run. */
  readonly runId: string | null;
  readonly cancelRequested: boolean;
  /** 0..1 */
  readonly progress: number;
  readonly event: JobEvent | null;
  readonly error: AerieErrorJson | null;
  readonly servedModel: string | null;
  readonly servedVersion: string | null;
  /** Epoch milliseconds, like all times here. */
  readonly createdAt: number;
  /** Earliest start. */
  readonly runAt: number;
  /** The job fails with TIMEOUT if it has not started by then. */
  readonly expiresAt: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly retryOf: string | null;
  readonly batchId: string | null;
  readonly batchIndex: number | null;
  /** Fingerprint of the request if it had an Idempotency-Key; otherwise empty. */
  readonly fingerprint: string;
  readonly webhook: WebhookTarget | null;
}

/** A head with its version, which a change must name. */
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

/** The id of an event, the same for every delivery over SSE and webhooks. */
export function eventId(head: JobHead, event: JobEvent): string {
  return `${head.id}-${String(event.sequence)}`;
}
