import type { JobHead } from './job-record.js';

/** What a head has mostly: left out of its text, as each step writes the whole of it. */
const USUAL = {
  v: 1,
  model: null,
  modelVersion: null,
  stickyKey: '',
  priority: 0,
  attempts: 0,
  deaths: 0,
  runId: null,
  cancelRequested: false,
  progress: 0,
  event: null,
  error: null,
  servedModel: null,
  servedVersion: null,
  expiresAt: null,
  startedAt: null,
  finishedAt: null,
  retryOf: null,
  batchId: null,
  batchIndex: null,
  fingerprint: '',
  webhook: null,
} as const satisfies Partial<JobHead>;

/** JSON text of a head as stores keep it. */
export function writeHead(head: JobHead): string {
  // One shape for all, written out: names that vary cost more than they save.
  return JSON.stringify({
    id: head.id,
    task: head.task,
    status: head.status,
    model: head.model ?? undefined,
    modelVersion: head.modelVersion ?? undefined,
    stickyKey: head.stickyKey || undefined,
    priority: head.priority || undefined,
    maxAttempts: head.maxAttempts,
    attempts: head.attempts || undefined,
    deaths: head.deaths || undefined,
    runId: head.runId ?? undefined,
    cancelRequested: head.cancelRequested || undefined,
    progress: head.progress || undefined,
    event: head.event ?? undefined,
    error: head.error ?? undefined,
    servedModel: head.servedModel ?? undefined,
    servedVersion: head.servedVersion ?? undefined,
    createdAt: head.createdAt,
    runAt: head.runAt,
    expiresAt: head.expiresAt ?? undefined,
    startedAt: head.startedAt ?? undefined,
    finishedAt: head.finishedAt ?? undefined,
    retryOf: head.retryOf ?? undefined,
    batchId: head.batchId ?? undefined,
    batchIndex: head.batchIndex ?? undefined,
    fingerprint: head.fingerprint || undefined,
    webhook: head.webhook ?? undefined,
  } satisfies Record<Exclude<keyof JobHead, 'v'>, unknown>);
}

/** The head of a text by {@link writeHead}, or of one with all its fields. */
export function readHead(text: string): JobHead {
  return { ...USUAL, ...(JSON.parse(text) as Pick<JobHead, Exclude<keyof JobHead, keyof typeof USUAL>>) };
}
