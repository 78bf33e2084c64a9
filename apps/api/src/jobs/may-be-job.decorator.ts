import type { JobTaskName } from '@aerie/jobs';
import { SetMetadata } from '@nestjs/common';

/** Metadata key of {@link MayBeJob}. */
export const MAY_BE_JOB = 'aerie:may-be-job';

/** The synchronous route becomes a job of this kind when the caller prefers it (`Prefer: respond-async`). */
export const MayBeJob = (task: JobTaskName) => SetMetadata(MAY_BE_JOB, task);
