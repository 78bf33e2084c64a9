import type { JobEvent } from './job-record.js';

/** One try to deliver a webhook. */
export interface DeliveryAttempt {
  /** Epoch milliseconds. */
  readonly at: number;
  /** HTTP status that came back; null when none did. */
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
}

/** State of a webhook's delivery. */
export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

/** One event on its way to one receiver. Its id is the event's. */
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
