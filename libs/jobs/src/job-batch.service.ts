import { AerieError, shorten } from '@aerie/contracts';
import { systemClock } from '@aerie/runtime';
import { type JobBatch, type JobQueue, type NewJob, type StatusCounts, isId, newId } from '@aerie/queue';
import type { Admission } from './backlog-limit.js';
import type { JobSubmission } from './job-submission.js';
import type { JobService } from './job.service.js';

/** Many items for one task, submitted at once. */
export interface JobBatchSubmission {
  readonly task: string;
  readonly model: string | null;
  /** Validated bodies with defaults, in order. */
  readonly inputs: readonly JobSubmission['input'][];
}

/** A job batch as callers see it. */
export interface JobBatchView {
  readonly batch_id: string;
  readonly task: string;
  readonly status: 'processing' | 'completed' | 'canceled';
  readonly counts: StatusCounts & { readonly total: number };
  /** 0..1, the share that has finished. */
  readonly progress: number;
  readonly created_at: string;
  readonly urls: { readonly self: string; readonly results: string };
}

/** One line of a job batch's results. */
export interface JobBatchResult {
  readonly index: number;
  readonly job_id: string;
  readonly status: string;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Items that are stored at once. */
const CHUNK = 500;
/** Results that are read at once, because each may be large. */
const RESULT_PAGE = 50;
const ATTEMPTS = 3;

/** Job batches. Each item is an ordinary job. */
export class JobBatchService {
  readonly #queue: JobQueue;
  readonly #jobs: JobService;

  constructor(queue: JobQueue, jobs: JobService) {
    this.#queue = queue;
    this.#jobs = jobs;
  }

  /**
   * Stores the batch and all its jobs. An error in one item refuses the whole batch before anything is stored. If the
   * backend becomes unreachable meanwhile, it keeps the jobs that were stored.
   *
   * @param notStored called before a refusal with the number of items that were not stored, if there are any
   * @throws AerieError OVERLOADED if they exceed the limit of waiting jobs; PAYLOAD_TOO_LARGE for one item; MODEL_NOT_FOUND;
   * QUEUE_UNAVAILABLE, STORAGE_FULL
   */
  async submit(
    submission: JobBatchSubmission,
    caller: string,
    stickyKey: string,
    notStored: (items: number) => Promise<void>,
  ): Promise<JobBatchView> {
    const { task, model, inputs } = submission;
    let left = inputs.length;
    let admission: Admission | null = null;
    try {
      this.#jobs.check({ task, model, modelVersion: null, webhook: null });
      admission = this.#jobs.admit(task, inputs.length);
      const now = this.#queue.now();
      const batch: JobBatch = {
        v: 1,
        id: newId(now),
        task,
        model,
        total: inputs.length,
        createdAt: now,
        cancelRequested: false,
      };
      const jobs = await this.#prepare(submission, batch.id, caller, stickyKey);
      await this.#queue.insertBatch(batch);
      for (let from = 0; from < jobs.length; from += CHUNK) {
        left -= (await this.#jobs.submitAll(jobs.slice(from, from + CHUNK), admission)).length;
      }
      return await this.view(batch.id);
    } catch (error) {
      if (left > 0) await notStored(left);
      throw error;
    } finally {
      admission?.close();
    }
  }

  async #prepare(
    { task, model, inputs }: JobBatchSubmission,
    id: string,
    caller: string,
    stickyKey: string,
  ): Promise<NewJob[]> {
    const jobs: NewJob[] = [];
    for (const [index, input] of inputs.entries()) {
      jobs.push(
        this.#jobs.prepare({
          task,
          input,
          model,
          modelVersion: null,
          stickyKey,
          caller,
          idempotencyKey: null,
          options: { priority: 0, attempts: ATTEMPTS, delayMs: 0, ttlMs: null, webhook: null },
          batch: { id, index },
        }),
      );
      // Other requests are served between the pages.
      if (jobs.length % CHUNK === 0) await new Promise<void>((resolve) => systemClock.defer(resolve));
    }
    return jobs;
  }

  /** @throws AerieError NOT_FOUND */
  async view(id: string): Promise<JobBatchView> {
    const batch = await this.#batch(id);
    const counts = await this.#queue.batchCounts(id);
    const finished = counts.completed + counts.failed + counts.canceled;
    const open = counts.pending + counts.processing > 0;
    const self = `/api/v1/batches/${id}`;
    return {
      batch_id: id,
      task: batch.task,
      status: open ? 'processing' : batch.cancelRequested && counts.canceled > 0 ? 'canceled' : 'completed',
      counts: { ...counts, total: batch.total },
      progress: Math.min(1, finished / batch.total),
      created_at: new Date(batch.createdAt).toISOString(),
      urls: { self, results: `${self}/results` },
    };
  }

  /**
   * The items in order of their index, each with its state when it is read.
   *
   * @throws AerieError NOT_FOUND
   */
  async results(id: string): Promise<AsyncGenerator<JobBatchResult>> {
    await this.#batch(id);
    return this.#lines(id);
  }

  async *#lines(id: string): AsyncGenerator<JobBatchResult> {
    for (let from = 0; ;) {
      const start = from;
      const records = await this.#queue.batchRecords(id, start, RESULT_PAGE);
      if (records.length === 0) return;
      for (const record of records) {
        if (record === null) continue;
        const { head, result } = record;
        const index = head.batchIndex ?? 0;
        from = Math.max(from, index + 1);
        yield {
          index,
          job_id: head.id,
          status: head.status,
          ...(head.status === 'completed' && result !== null
            ? { result: JSON.parse(result) as unknown }
            : {}),
          ...(head.status === 'failed' && head.error !== null
            ? { error: { code: head.error.code, message: head.error.message } }
            : {}),
        };
      }
      if (from === start) return;
    }
  }

  /**
   * Cancels the unfinished jobs.
   *
   * @throws AerieError NOT_FOUND; CONFLICT if all jobs have finished
   */
  async cancel(id: string): Promise<JobBatchView> {
    const batch = await this.#batch(id);
    const { counts } = await this.view(id);
    if (counts.pending + counts.processing === 0) {
      throw new AerieError('CONFLICT', 'Every item of the batch has already finished.');
    }
    await this.#queue.updateBatch({ ...batch, cancelRequested: true });
    for (let from = 0; from < batch.total; from += CHUNK) {
      await this.#queue.cancelAll(await this.#queue.batchJobs(id, from, CHUNK));
    }
    return this.view(id);
  }

  async #batch(id: string): Promise<JobBatch> {
    const batch = isId(id) ? await this.#queue.batch(id) : null;
    if (batch === null)
      throw new AerieError('NOT_FOUND', `There is no batch ${JSON.stringify(shorten(id))}.`);
    return batch;
  }
}
