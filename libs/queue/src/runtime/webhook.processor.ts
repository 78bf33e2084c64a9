import { type Clock, systemClock } from '@aerie/runtime';
import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { WORKER_OPTIONS } from '../bull/worker-options.js';
import { WEBHOOK_QUEUE } from '../queue-names.js';
import type { Delivery, DeliveryAttempt } from '../records/delivery.js';
import { type JobEvent, type JobHead, type JobRecord, isTerminal } from '../records/job-record.js';
import { viewEvent } from '../records/job-view.js';
import { DELIVERY_ATTEMPTS, deliveryBackoffMs } from './delivery-options.js';
import { idOf } from './job-payload.js';
import type { JobRepository } from './job-repository.js';
import { webhookHeaders } from './webhook-signature.js';

/** Sends one request to a receiver after checking its address; returns the status of the response. */
export type PostWebhook = (
  url: string,
  request: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly timeoutMs: number;
  },
) => Promise<{ readonly status: number }>;

/** Part of the repository that deliveries need. */
export type WebhookJobs = Pick<JobRepository, 'logger' | 'now' | 'record'> & {
  readonly store: Pick<JobRepository['store'], 'delivery' | 'updateDelivery'>;
};

/** Dependencies of {@link WebhookProcessor}. */
export interface WebhookProcessorOptions {
  readonly jobs: WebhookJobs;
  readonly post: PostWebhook;
  /** WEBHOOK_SECRET: signs the deliveries of jobs without a secret of their own. */
  readonly secret: string | null;
  readonly clock?: Clock;
}

/** Concurrent deliveries. */
const CONCURRENCY = 64;
/** Concurrent deliveries to one receiver, so that a slow one does not hold all. */
const CONCURRENCY_PER_HOST = 8;
/** Wait of a delivery whose receiver is at its limit, in milliseconds. */
const HOST_BUSY_MS = 500;
const TIMEOUT_MS = 15_000;
const GONE = 410;

/** Sends events to receivers from a separate queue until they are accepted or the schedule ends after 22 hours. */
@Processor(WEBHOOK_QUEUE, {
  ...WORKER_OPTIONS,
  concurrency: CONCURRENCY,
  settings: { backoffStrategy: (attempts: number) => deliveryBackoffMs(attempts) },
})
export class WebhookProcessor extends WorkerHost {
  readonly #jobs: WebhookJobs;
  readonly #post: PostWebhook;
  readonly #secret: string | null;
  readonly #clock: Clock;
  readonly #perHost = new Map<string, number>();
  #started = false;

  constructor({ jobs, post, secret, clock = systemClock }: WebhookProcessorOptions) {
    super();
    this.#jobs = jobs;
    this.#post = post;
    this.#secret = secret;
    this.#clock = clock;
  }

  /** Starts to deliver. Nest must have created its worker. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.worker.run().catch((error: unknown) => {
      this.onError(error as Error);
    });
  }

  /** Waits for running deliveries, each of which has a time limit. */
  async stop(): Promise<void> {
    if (this.#started) await this.worker.close();
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.#jobs.logger.warn({ err: error.message }, 'the webhook worker reported an error');
  }

  override async process(job: Job, token = ''): Promise<void> {
    const delivery = await this.#jobs.store.delivery(idOf(job));
    if (delivery?.status !== 'pending') return;
    const record = await this.#jobs.record(delivery.jobId);
    const webhook = record?.head.webhook ?? null;
    if (record === null || webhook === null) return;
    const { host } = new URL(webhook.url);
    const busy = this.#perHost.get(host) ?? 0;
    if (busy >= CONCURRENCY_PER_HOST) {
      await job.moveToDelayed(this.#jobs.now() + HOST_BUSY_MS, token);
      throw new DelayedError();
    }
    this.#perHost.set(host, busy + 1);
    try {
      const body = JSON.stringify(eventOf(delivery, record));
      await this.#deliver(delivery, webhook.url, body, webhook.secret ?? this.#secret);
    } finally {
      const left = (this.#perHost.get(host) ?? 1) - 1;
      if (left === 0) this.#perHost.delete(host);
      else this.#perHost.set(host, left);
    }
  }

  async #deliver(delivery: Delivery, url: string, body: string, secret: string | null): Promise<void> {
    const attempt = await this.#try(delivery.id, url, body, secret);
    const attempts = [...delivery.attempts, attempt];
    const taken = attempt.status !== null && attempt.status >= 200 && attempt.status < 300;
    const over = attempt.status === GONE || attempts.length >= DELIVERY_ATTEMPTS;
    const status = taken ? 'delivered' : over ? 'failed' : 'pending';
    const nextAttemptAt =
      status === 'pending' ? attempt.at + deliveryBackoffMs(attempts.length, () => 0.5) : null;
    await this.#jobs.store.updateDelivery({ ...delivery, attempts, status, nextAttemptAt });
    if (status === 'failed')
      throw new UnrecoverableError(attempt.error ?? 'The receiver did not accept the event.');
    if (status === 'pending') throw new Error(attempt.error ?? 'The receiver did not accept the event.');
  }

  async #try(id: string, url: string, body: string, secret: string | null): Promise<DeliveryAttempt> {
    const at = this.#jobs.now();
    const startedAt = this.#clock.now();
    const durationMs = () => Math.round(this.#clock.now() - startedAt);
    try {
      if (secret === null) throw new Error('This process has no WEBHOOK_SECRET to sign the delivery with.');
      const headers = webhookHeaders(id, body, secret, at);
      const { status } = await this.#post(url, { headers, body, timeoutMs: TIMEOUT_MS });
      const error =
        status >= 200 && status < 300 ? null : `The receiver responded with status ${String(status)}.`;
      return { at, status, error, durationMs: durationMs() };
    } catch (error) {
      return { at, status: null, error: (error as Error).message, durationMs: durationMs() };
    }
  }
}

/** The event with the job as it was then, even if the job has gone on since. */
function eventOf(delivery: Delivery, { head, result }: JobRecord): object {
  const then = isFinal(delivery.event) ? head : asOf(head, delivery);
  return viewEvent(then, delivery.event, isTerminal(then.status) ? result : null);
}

function isFinal({ type }: JobEvent): boolean {
  return type === 'job.completed' || type === 'job.failed' || type === 'job.canceled';
}

function asOf(head: JobHead, { progress }: Delivery): JobHead {
  return { ...head, status: 'processing', progress, finishedAt: null, error: null };
}
