export { DataDirInUseError } from './embedded/data-dir-in-use.error.js';
export {
  type DatabaseReport,
  EmbeddedDatabase,
  embeddedQueueDirectory,
} from './embedded/embedded-database.js';
export { type QueueBackendSettings, queueBackendOf } from './connection/queue-settings.js';
export type { QueueConnection } from './connection/queue-connection.js';
export { openConnection } from './connection/open-connection.js';
export { QueueModule, type QueueModuleOptions } from './queue.module.js';
export { WEBHOOK_QUEUE, queueNameOf } from './queue-names.js';
export * from './records/delivery.js';
export { USUAL_FIELDS } from './records/head-json.js';
export * from './records/job-batch.js';
export * from './records/job-id.js';
export * from './records/job-record.js';
export * from './records/job-view.js';
export * from './records/transitions.js';
export type * from './store/job-store.js';
export { Availability, type AvailabilityState } from './runtime/availability.js';
export { LazyQueue } from './bull/lazy-queue.js';
export { WORKER_OPTIONS } from './bull/worker-options.js';
export { JobChanges } from './runtime/job-changes.js';
export { JobProcessor, type JobProcessorOptions } from './runtime/job.processor.js';
export { JobProcessors, type ProcessorsHealth, provideJobProcessors } from './runtime/job-processors.js';
export { JobQueue } from './runtime/job-queue.js';
export { JobRepository } from './runtime/job-repository.js';
export type { JobOutcome, RunningJob } from './runtime/running-job.js';
export { type PostWebhook, WebhookProcessor } from './runtime/webhook.processor.js';
