import { createHash } from 'node:crypto';
import { type JobHead, type WebhookTarget, newId } from '@aerie/queue';

/** How a job is to be run. */
export interface JobOptions {
  /** 0..100; higher goes first. */
  readonly priority: number;
  /** Maximum number of attempts. */
  readonly attempts: number;
  /** Not before this time has passed. */
  readonly delayMs: number;
  /** Fails when it was not begun within this time; null waits for ever. */
  readonly ttlMs: number | null;
  readonly webhook: WebhookTarget | null;
}

/** What a caller wants done. */
export interface JobSubmission {
  readonly task: string;
  /** Checked and with its defaults. */
  readonly input: object;
  readonly model: string | null;
  readonly modelVersion: string | null;
  /** Keeps one caller on one version of a traffic split. */
  readonly stickyKey: string;
  /** Whose idempotency keys it may find. */
  readonly caller: string;
  readonly idempotencyKey: string | null;
  readonly options: JobOptions;
  readonly retryOf?: string;
  readonly batch?: { readonly id: string; readonly index: number };
}

/** The job that a submission asks for. */
export function newHead(submission: JobSubmission, now: number): JobHead {
  const { task, model, modelVersion, stickyKey, idempotencyKey, options, retryOf, batch } = submission;
  return {
    v: 1,
    id: newId(now),
    task,
    status: 'pending',
    model,
    modelVersion,
    stickyKey,
    priority: options.priority,
    maxAttempts: options.attempts,
    attempts: 0,
    deaths: 0,
    runId: null,
    cancelRequested: false,
    progress: 0,
    event: null,
    error: null,
    servedModel: null,
    servedVersion: null,
    createdAt: now,
    runAt: now + options.delayMs,
    expiresAt: options.ttlMs === null ? null : now + options.ttlMs,
    startedAt: null,
    finishedAt: null,
    retryOf: retryOf ?? null,
    batchId: batch?.id ?? null,
    batchIndex: batch?.index ?? null,
    fingerprint: idempotencyKey === null ? '' : fingerprintOf(submission),
    webhook: options.webhook,
  };
}

/** The key under which the store looks: callers do not see each other's. */
export function idempotencyKeyOf({ idempotencyKey, caller, task }: JobSubmission): string | null {
  return idempotencyKey === null ? null : digest([caller, task, idempotencyKey]);
}

/** The same for the same work, whatever the order of its fields was. */
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
