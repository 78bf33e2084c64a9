import { USUAL_FIELDS } from '../records/head-json.js';
import type { JobHead } from '../records/job-record.js';

/** A job that was just submitted. */
export const PENDING_JOB: JobHead = {
  ...USUAL_FIELDS,
  id: '0197a3c2-6d0e-7000-8c1d-9a1f0c3b2e4d',
  task: 'embed',
  status: 'pending',
  maxAttempts: 2,
  createdAt: 1_000,
  runAt: 1_000,
};
