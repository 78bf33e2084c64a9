export * from './job-inputs.js';
export { type JobOptions, type JobSubmission } from './job-submission.js';
export { JobService } from './job.service.js';
export { JobWorkers, type WorkersHealth } from './job-workers.js';
export * from './jobs.module.js';
