/** Queue of webhooks' deliveries. */
export const WEBHOOK_QUEUE = 'aerie-webhooks';

/** BullMQ's queue for a kind of work. Names must not hold a colon. */
export function queueNameOf(task: string): string {
  return `aerie-${task}`;
}

/** Where BullMQ keeps its keys in Redis. One hash tag: a cluster keeps them together. */
export const BULLMQ_PREFIX = '{aerie}:bull';

/** Where the store keeps its keys in Redis. */
export const STORE_PREFIX = '{aerie}:job';
