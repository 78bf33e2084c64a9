import type { JobEvent } from './job-record.js';

/** One attempt to deliver a webhook. */
export interface DeliveryAttempt {
  /** Epoch milliseconds. */
  readonly at: number;
  /** HTTP status of the response; null if there was none. */
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
}

/** State of a webhook's delivery. */
export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

/** The delivery of one event to one receiver. Its id is the event's. */
export interface Delivery {
  readonly v: 1;
  readonly id: string;
  readonly jobId: string;
  readonly event: JobEvent;
  /** The job's progress at the event. */
  readonly progress: number;
  readonly status: DeliveryStatus;
  readonly attempts: readonly DeliveryAttempt[];
  readonly nextAttemptAt: number | null;
}
