export { type JobOptions, type JobSubmission } from './job-submission.js';
export * from './job-batch.service.js';
export { JobService } from './job.service.js';
export * from './jobs.module.js';
