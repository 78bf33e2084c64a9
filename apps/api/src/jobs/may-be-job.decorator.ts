import { SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiSubmission } from './api-submission.decorator.js';

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
  applyDecorators(
    SetMetadata(MAY_BE_JOB, { task, answersItself } satisfies JobRoute),
    ApiSubmission(
      '`respond-async` submits the request as a job; `wait=N` waits up to N seconds for its result.',
    ),
  );
