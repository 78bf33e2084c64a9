/** Queue of webhooks' deliveries. */
export const WEBHOOK_QUEUE = 'aerie-webhooks';

/** Name of a task's BullMQ queue. It must not contain a colon. */
export function queueNameOf(task: string): string {
  return `aerie-${task}`;
}

/** Prefix of BullMQ's keys in Redis. A cluster keeps keys with the same hash tag together. */
export const BULLMQ_PREFIX = '{aerie}:bull';

/** Prefix of the store's keys in Redis. */
export const STORE_PREFIX = '{aerie}:job';
