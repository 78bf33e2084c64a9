import type { InferenceCall } from '@aerie/inference';
import type { RunningJob } from '@aerie/queue';

/** The call that a job makes of a use case: behind those who wait for their answer. */
const JOB_PRIORITY = -1;

/** How a use case is called for a job. */
export function jobCall({ head, signal }: RunningJob): InferenceCall {
  return {
    signal,
    stickyKey: head.stickyKey,
    priority: JOB_PRIORITY,
    ...(head.model === null ? {} : { model: head.model }),
    ...(head.modelVersion === null ? {} : { version: head.modelVersion }),
  };
}
