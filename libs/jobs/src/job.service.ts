import { AerieError, shorten } from '@aerie/contracts';
import {
  type Delivery,
  type JobHead,
  type JobQueue,
  type JobRecord,
  type JobStatus,
  type JobView,
  type NewJob,
  isId,
  isTerminal,
  viewJob,
} from '@aerie/queue';
import { type Clock, settlesWithin, systemClock, untilAborted } from '@aerie/runtime';
import { type Admission, BacklogLimit } from './backlog-limit.js';
import { type CheckedWork, type JobChecks, checkWork } from './job-checks.js';
import { type JobSubmission, idempotencyKeyOf, newHead } from './job-submission.js';

/** Limits for callers' jobs. */
export interface JobLimits {
  /** MAX_JOB_BYTES */
  readonly maxPayloadBytes: number;
  /** MAX_PENDING_JOBS */
  readonly maxPending: number;
}

/** Use cases for callers' jobs. Each call answers in bounded time, or fails because the queue is unreachable. */
export class JobService {
  readonly #queue: JobQueue;
  readonly #maxPayloadBytes: number;
  readonly #backlog: BacklogLimit;
  readonly #checks: JobChecks;
  readonly #clock: Clock;

  constructor(
    queue: JobQueue,
    { maxPayloadBytes, maxPending }: JobLimits,
    checks: JobChecks = {},
    clock: Clock = systemClock,
  ) {
    this.#queue = queue;
    this.#checks = checks;
    this.#clock = clock;
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#backlog = new BacklogLimit(
      (task) => queue.backlog(task),
      maxPending,
      () => queue.now(),
    );
  }

  /**
   * Admits this many more waiting jobs. The admission must be closed.
   *
   * @throws AerieError OVERLOADED
   */
  admit(task: string, jobs: number): Admission {
    return this.#backlog.admit(task, jobs);
  }

  /**
   * Refuses jobs that could only fail.
   *
   * @throws AerieError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND; VALIDATION_ERROR for a webhook that is never allowed
   */
  check(work: CheckedWork): void {
    checkWork(this.#checks, work);
  }

  /**
   * Creates the job for a submission without storing it.
   *
   * @throws AerieError PAYLOAD_TOO_LARGE
   */
  prepare(submission: JobSubmission): NewJob {
    return {
      head: newHead(submission, this.#queue.now()),
      input: this.#serialize(submission),
      idempotencyKey: idempotencyKeyOf(submission),
    };
  }

  /**
   * Stores and queues a job, or finds the existing one with the same idempotency key.
   *
   * @throws AerieError PAYLOAD_TOO_LARGE, IDEMPOTENCY_MISMATCH, OVERLOADED, QUEUE_UNAVAILABLE, STORAGE_FULL, and those of
   * {@link JobService.check}
   */
  async submit(submission: JobSubmission): Promise<JobHead> {
    this.check({ ...submission, webhook: submission.options.webhook });
    let admission: Admission;
    try {
      admission = this.admit(submission.task, 1);
    } catch (error) {
      // A repeated submission of an existing job adds none.
      const existing = await this.#existing(submission);
      if (existing === null) throw error;
      return existing;
    }
    try {
      const [head] = await this.submitAll([this.prepare(submission)], admission);
      if (head === undefined) throw new Error('A submission made no job. This is a bug.');
      return head;
    } finally {
      admission.close();
    }
  }

  /** Like {@link JobService.submit}, for many prepared and admitted jobs. */
  async submitAll(jobs: readonly NewJob[], admission: Admission): Promise<JobHead[]> {
    const heads = await this.#queue.submit(jobs);
    admission.stored(heads.filter(({ id }, index) => id === jobs[index]?.head.id).length);
    heads.forEach((head, index) => {
      if (jobs[index] !== undefined) assertSameWork(head, jobs[index].head);
    });
    return heads;
  }

  /** @throws AerieError JOB_NOT_FOUND */
  async record(id: string): Promise<JobRecord> {
    const record = isId(id) ? await this.#queue.record(id) : null;
    if (record === null) throw notFound(id);
    return record;
  }

  /** @throws AerieError JOB_NOT_FOUND */
  async head(id: string): Promise<JobHead> {
    const head = isId(id) ? await this.#queue.head(id) : null;
    if (head === null) throw notFound(id);
    return head;
  }

  /** The job as callers see it, with its position in the queue while it waits. */
  async view({ head, result }: Pick<JobRecord, 'head' | 'result'>): Promise<JobView> {
    if (head.status !== 'pending') return viewJob(head, result);
    return viewJob(head, result, (await this.#queue.countAhead(head)) + 1);
  }

  /**
   * Waits until `done` is true for the job or the time is up, and returns the current job.
   *
   * @param signal ends the wait early, without an error
   */
  async waitFor(
    id: string,
    timeoutMs: number,
    signal: AbortSignal,
    done: (head: JobHead) => boolean = ({ status }) => isTerminal(status),
  ): Promise<JobRecord> {
    const deadline = this.#clock.now() + timeoutMs;
    for (;;) {
      const change = this.nextChange(id);
      try {
        const record = await this.record(id);
        const leftMs = deadline - this.#clock.now();
        if (done(record.head) || leftMs <= 0 || signal.aborted) return record;
        await change.within(leftMs, signal);
      } finally {
        change.stop();
      }
    }
  }

  /** Resolves at the next change of the job. Call it before the job is read, so that no change is missed. */
  nextChange(id: string): {
    readonly within: (timeoutMs: number, signal: AbortSignal) => Promise<void>;
    readonly stop: () => void;
  } {
    let stop: () => void = () => undefined;
    const changed = new Promise<void>((resolve) => {
      stop = this.#queue.watch(id, resolve);
    });
    return {
      stop,
      within: async (timeoutMs, signal) => {
        await settlesWithin(untilAborted(changed, signal), timeoutMs, this.#clock);
      },
    };
  }

  /**
   * Cancels a waiting job at once, and a running job at the end of the current run of its model.
   *
   * @throws AerieError JOB_NOT_FOUND; CONFLICT if it has finished
   */
  async cancel(id: string): Promise<JobHead> {
    const before = await this.head(id);
    const next = await this.#queue.cancel(id);
    if (next === null) {
      const message = `The job is already ${before.status} and cannot be canceled.`;
      throw new AerieError('CONFLICT', isTerminal(before.status) ? message : 'The job has already finished.');
    }
    return next;
  }

  /**
   * Submits the work of a failed job as a new job.
   *
   * @throws AerieError JOB_NOT_FOUND; CONFLICT if it has not failed
   */
  async retry(id: string): Promise<JobHead> {
    const { head, input } = await this.record(id);
    if (head.status !== 'failed') {
      throw new AerieError('CONFLICT', `Only a failed job can be retried; this one is ${head.status}.`);
    }
    return this.submit({
      task: head.task,
      input: JSON.parse(input) as object,
      model: head.model,
      modelVersion: head.modelVersion,
      stickyKey: head.stickyKey,
      caller: '',
      idempotencyKey: null,
      options: {
        priority: head.priority,
        attempts: head.maxAttempts,
        delayMs: 0,
        ttlMs: head.expiresAt === null ? null : head.expiresAt - head.createdAt,
        webhook: head.webhook,
      },
      retryOf: head.id,
    });
  }

  /** A page of jobs, newest first, without results; `next` continues it. */
  async list(
    status: JobStatus | null,
    after: string | null,
    limit: number,
  ): Promise<{ readonly jobs: JobView[]; readonly next: string | null }> {
    const heads = await this.#queue.list({ status, after, limit: limit + 1 });
    const page = heads.slice(0, limit);
    return {
      jobs: page.map((head) => viewJob(head, null)),
      next: heads.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  }

  /** The webhooks of a job, oldest first. */
  async deliveries(id: string): Promise<Delivery[]> {
    await this.head(id);
    return this.#queue.deliveries(id);
  }

  /** The existing job with the idempotency key of a submission. */
  async #existing(submission: JobSubmission): Promise<JobHead | null> {
    const key = idempotencyKeyOf(submission);
    if (key === null) return null;
    const existing = await this.#queue.withKey(key);
    if (existing !== null) assertSameWork(existing, newHead(submission, this.#queue.now()));
    return existing;
  }

  #serialize({ input }: JobSubmission): string {
    const text = JSON.stringify(input);
    const bytes = Buffer.byteLength(text);
    if (bytes <= this.#maxPayloadBytes) return text;
    throw new AerieError(
      'PAYLOAD_TOO_LARGE',
      `The job's input has ${String(bytes)} bytes, the limit is ${String(this.#maxPayloadBytes)} (MAX_JOB_BYTES). ` +
        'Put a large image where the server can fetch it, and send its address as image_url.',
    );
  }
}

/** @throws AerieError IDEMPOTENCY_MISMATCH */
function assertSameWork(existing: JobHead, asked: JobHead): void {
  if (existing.fingerprint === asked.fingerprint) return;
  const message = 'The Idempotency-Key was used for another request. Use a new key for a new request.';
  throw new AerieError('IDEMPOTENCY_MISMATCH', message);
}

function notFound(id: string): AerieError {
  return new AerieError(
    'JOB_NOT_FOUND',
    `There is no job ${JSON.stringify(shorten(id))}. Finished jobs are removed after JOB_RETENTION seconds.`,
  );
}
