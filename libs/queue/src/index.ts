export { DataDirInUseError } from './embedded/data-dir-in-use.error.js';
export { EmbeddedDatabase, embeddedQueueDirectory } from './embedded/embedded-database.js';
export { type QueueBackendSettings, type QueueLogger, queueBackendOf } from './connection/queue-settings.js';
export type { QueueConnection } from './connection/queue-connection.js';
export { openConnection } from './connection/open-connection.js';
export { WEBHOOK_QUEUE, queueNameOf } from './queue-names.js';
export * from './records/delivery.js';
export * from './records/job-id.js';
export * from './records/job-record.js';
export * from './records/job-view.js';
export * from './records/transitions.js';
export type * from './store/job-store.js';
export { Availability, type AvailabilityState } from './runtime/availability.js';
export { JobChanges } from './runtime/job-changes.js';
export { BULK_TIMEOUT_MS, JobQueue, type JobQueueOptions } from './runtime/job-queue.js';
export {
  type JobOutcome,
  type JobTask,
  JobWorker,
  type RunningJob,
  type WorkerProgress,
} from './runtime/job-worker.js';
export { type PostWebhook, WebhookWorker } from './runtime/webhook-worker.js';
