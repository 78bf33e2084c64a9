import { createHash } from 'node:crypto';
import { type JobHead, USUAL_FIELDS, type WebhookTarget, newId } from '@aerie/queue';

/** Options for the run of a job. */
export interface JobOptions {
  /** 0..100; higher goes first. */
  readonly priority: number;
  /** Maximum number of attempts. */
  readonly attempts: number;
  /** The job does not start before this time has passed. */
  readonly delayMs: number;
  /** The job fails if it has not started within this time; null means no limit. */
  readonly ttlMs: number | null;
  readonly webhook: WebhookTarget | null;
}

/** A submitted job. */
export interface JobSubmission {
  readonly task: string;
  /** The validated body with defaults. */
  readonly input: object;
  readonly model: string | null;
  readonly modelVersion: string | null;
  /** Keeps one caller on one version of a traffic split. */
  readonly stickyKey: string;
  /** The owner of the idempotency key. */
  readonly caller: string;
  readonly idempotencyKey: string | null;
  readonly options: JobOptions;
  readonly retryOf?: string;
  readonly batch?: { readonly id: string; readonly index: number };
}

/** Creates the job for a submission. */
export function newHead(submission: JobSubmission, now: number): JobHead {
  const { task, model, modelVersion, stickyKey, idempotencyKey, options, retryOf, batch } = submission;
  return {
    ...USUAL_FIELDS,
    id: newId(now),
    task,
    status: 'pending',
    model,
    modelVersion,
    stickyKey,
    priority: options.priority,
    maxAttempts: options.attempts,
    createdAt: now,
    runAt: now + options.delayMs,
    expiresAt: options.ttlMs === null ? null : now + options.ttlMs,
    retryOf: retryOf ?? null,
    batchId: batch?.id ?? null,
    batchIndex: batch?.index ?? null,
    fingerprint: idempotencyKey === null ? '' : fingerprintOf(submission),
    webhook: options.webhook,
  };
}

/** The key in the store. It contains the caller, so that callers do not find each other's jobs. */
export function idempotencyKeyOf({ idempotencyKey, caller, task }: JobSubmission): string | null {
  return idempotencyKey === null ? null : digest([caller, task, idempotencyKey]);
}

/** The same for the same work, regardless of the order of its fields. */
function fingerprintOf({ task, input, model, modelVersion, options }: JobSubmission): string {
  return digest([
    task,
    Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1)),
    model,
    modelVersion,
    options,
  ]);
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}
