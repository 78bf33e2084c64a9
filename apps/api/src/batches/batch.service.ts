import { setImmediate } from 'node:timers/promises';
import { AerieError } from '@aerie/contracts';
import { JobService } from '@aerie/jobs';
import {
  BULK_TIMEOUT_MS,
  type Batch,
  JobQueue,
  type NewJob,
  type StatusCounts,
  cancelAsked,
  isId,
  isTerminal,
  newId,
} from '@aerie/queue';
import { Injectable } from '@nestjs/common';
import type { BatchRequest } from './batch.reader.js';

/** A batch as callers see it. */
export interface BatchView {
  readonly batch_id: string;
  readonly task: string;
  readonly status: 'processing' | 'completed' | 'canceled';
  readonly counts: StatusCounts & { readonly total: number };
  /** 0..1: the part that is finished. */
  readonly progress: number;
  readonly created_at: string;
  readonly urls: { readonly self: string; readonly results: string };
}

/** One line of a batch's results. */
export interface BatchResultLine {
  readonly index: number;
  readonly job_id: string;
  readonly status: string;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Items that go to the store at once. */
const CHUNK = 500;
/** Results that are read at once: each may be large. */
const RESULT_PAGE = 50;
const ATTEMPTS = 3;

/** Many jobs as one: items are ordinary jobs underneath. */
@Injectable()
export class BatchService {
  readonly #queue: JobQueue;
  readonly #jobs: JobService;

  constructor(queue: JobQueue, jobs: JobService) {
    this.#queue = queue;
    this.#jobs = jobs;
  }

  /**
   * Stores the batch and all its jobs. What refuses a job of it refuses the whole, before any is stored; a backend that
   * goes away meanwhile leaves those that it has.
   *
   * @throws AerieError OVERLOADED when not all of them may wait; PAYLOAD_TOO_LARGE for one item; QUEUE_UNAVAILABLE,
   * STORAGE_FULL
   */
  async submit({ task, model, inputs }: BatchRequest, caller: string, stickyKey: string): Promise<BatchView> {
    const admission = this.#jobs.admit(task, inputs.length);
    try {
      const now = this.#queue.now();
      const batch: Batch = {
        v: 1,
        id: newId(now),
        task,
        model,
        total: inputs.length,
        createdAt: now,
        cancelRequested: false,
      };
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
            batch: { id: batch.id, index },
          }),
        );
        // Others are served meanwhile.
        if (jobs.length % CHUNK === 0) await setImmediate();
      }
      await this.#queue.availability.use(() => this.#queue.store.insertBatch(batch));
      for (let from = 0; from < jobs.length; from += CHUNK) {
        await this.#jobs.submitAll(jobs.slice(from, from + CHUNK), admission);
      }
      return await this.view(batch.id);
    } finally {
      admission.close();
    }
  }

  /** @throws AerieError NOT_FOUND */
  async view(id: string): Promise<BatchView> {
    const batch = await this.#batch(id);
    const counts = await this.#queue.availability.use(() => this.#queue.store.batchCounts(id));
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
   * The items in order of their index, as they are when they are read.
   *
   * @throws AerieError NOT_FOUND
   */
  async results(id: string): Promise<AsyncGenerator<BatchResultLine>> {
    await this.#batch(id);
    return this.#lines(id);
  }

  async *#lines(id: string): AsyncGenerator<BatchResultLine> {
    for (let from = 0; ;) {
      const start = from;
      const records = await this.#queue.availability.use(async () => {
        const ids = await this.#queue.store.batchJobs(id, start, RESULT_PAGE);
        return this.#queue.store.records(ids);
      });
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
   * Cancels what is not finished.
   *
   * @throws AerieError NOT_FOUND; CONFLICT when everything is finished
   */
  async cancel(id: string): Promise<BatchView> {
    const batch = await this.#batch(id);
    const { counts } = await this.view(id);
    if (counts.pending + counts.processing === 0) {
      throw new AerieError('CONFLICT', 'Every item of the batch is finished already.');
    }
    await this.#queue.availability.use(() =>
      this.#queue.store.updateBatch({ ...batch, cancelRequested: true }),
    );
    for (let from = 0; from < batch.total; from += CHUNK) {
      await this.#queue.availability.use(() => this.#cancelItems(id, from), BULK_TIMEOUT_MS);
    }
    return this.view(id);
  }

  async #cancelItems(id: string, from: number): Promise<void> {
    const heads = await this.#queue.store.heads(await this.#queue.store.batchJobs(id, from, CHUNK));
    await Promise.all(
      heads.map(async (found) => {
        if (found === null || isTerminal(found.head.status)) return;
        const next = await this.#queue.update(found.head.id, (head) => cancelAsked(head, this.#queue.now()));
        if (next?.status === 'canceled') await this.#queue.unqueue(next).catch(() => undefined);
      }),
    );
  }

  async #batch(id: string): Promise<Batch> {
    const batch = isId(id) ? await this.#queue.availability.use(() => this.#queue.store.batch(id)) : null;
    if (batch === null)
      throw new AerieError('NOT_FOUND', `There is no batch ${JSON.stringify(id.slice(0, 64))}.`);
    return batch;
  }
}
