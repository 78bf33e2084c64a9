import { SetMetadata } from '@nestjs/common';

/** Metadata key of {@link MayBeJob}. */
export const MAY_BE_JOB = 'aerie:may-be-job';

/** A route that may become a job. */
export interface JobRoute {
  readonly task: string;
  /** Its handler writes the response, so nobody else does. */
  readonly answersItself: boolean;
}

/** The synchronous route becomes a job of this kind when the caller prefers it (`Prefer: respond-async`). */
export const MayBeJob = (task: string, { answersItself = false } = {}) =>
  SetMetadata(MAY_BE_JOB, { task, answersItself } satisfies JobRoute);
