import type { AerieErrorJson } from '@aerie/contracts';
import { eventId, type JobEvent, type JobEventType, type JobHead, type JobStatus } from './job-record.js';

/** A job as callers see it. */
export interface JobView {
  readonly job_id: string;
  readonly status: JobStatus;
  readonly task: string;
  /** The same as the synchronous reply; null until completed. */
  readonly result: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly details?: unknown };
  readonly progress: number;
  /** 1 is the next to run. */
  readonly queue_position?: number;
  /** Attempts that have started. */
  readonly attempts: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly model: string | null;
  readonly model_version: string | null;
  readonly retry_of?: string;
  readonly batch_id?: string;
  readonly urls: {
    readonly self: string;
    readonly events: string;
    readonly cancel: string;
    readonly webhooks: string;
  };
}

/** An event as receivers see it, over SSE and webhooks alike. */
export interface JobEventView {
  readonly id: string;
  readonly sequence: number;
  readonly type: JobEventType;
  readonly timestamp: string;
  readonly data: JobView;
}

/** Path of a job. */
export function jobPath(id: string): string {
  return `/api/v1/jobs/${id}`;
}

/** @param result JSON text */
export function viewJob(head: JobHead, result: string | null, queuePosition?: number): JobView {
  const self = jobPath(head.id);
  return {
    job_id: head.id,
    status: head.status,
    task: head.task,
    result: head.status === 'completed' && result !== null ? (JSON.parse(result) as unknown) : null,
    ...(head.status === 'failed' && head.error !== null ? { error: viewError(head.error) } : {}),
    progress: head.progress,
    ...(queuePosition === undefined ? {} : { queue_position: queuePosition }),
    attempts: head.attempts + head.deaths + head.handBacks + (head.status === 'processing' ? 1 : 0),
    created_at: iso(head.createdAt),
    started_at: head.startedAt === null ? null : iso(head.startedAt),
    finished_at: head.finishedAt === null ? null : iso(head.finishedAt),
    model: head.servedModel ?? head.model,
    model_version: head.servedVersion ?? head.modelVersion,
    ...(head.retryOf === null ? {} : { retry_of: head.retryOf }),
    ...(head.batchId === null ? {} : { batch_id: head.batchId }),
    urls: { self, events: `${self}/events`, cancel: self, webhooks: `${self}/webhooks` },
  };
}

/** The event with the job at that time. */
export function viewEvent(head: JobHead, event: JobEvent, result: string | null): JobEventView {
  return {
    id: eventId(head, event),
    sequence: event.sequence,
    type: event.type,
    timestamp: iso(event.at),
    data: viewJob(head, result),
  };
}

function viewError({ code, message, details }: AerieErrorJson) {
  return { code, message, ...(details === undefined ? {} : { details }) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
