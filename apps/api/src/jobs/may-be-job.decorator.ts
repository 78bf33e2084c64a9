import { SetMetadata } from '@nestjs/common';

/** Metadata key of {@link MayBeJob}. */
export const MAY_BE_JOB = 'aerie:may-be-job';

/** A route that may become a job. */
export interface JobRoute {
  readonly task: string;
  /** Its handler writes the response, so Nest must not. */
  readonly answersItself: boolean;
}

/** Turns calls of a synchronous route into jobs of this task if the caller prefers it (`Prefer: respond-async`). */
export const MayBeJob = (task: string, { answersItself = false } = {}) =>
  SetMetadata(MAY_BE_JOB, { task, answersItself } satisfies JobRoute);
