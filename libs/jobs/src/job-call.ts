import type { InferenceCall } from '@aerie/inference';
import type { RunningJob } from '@aerie/queue';

/** The call that a job makes of a use case: behind those who wait for their answer. */
const JOB_PRIORITY = -1;

/**
 * How a use case is called for a job.
 *
 * @param ownModel the model that the body names: of an item of a batch, it goes before the model of the batch
 */
export function jobCall({ head, signal }: RunningJob, ownModel?: string): InferenceCall {
  const model = ownModel ?? head.model;
  return {
    signal,
    stickyKey: head.stickyKey,
    priority: JOB_PRIORITY,
    ...(model === null ? {} : { model }),
    ...(head.modelVersion === null ? {} : { version: head.modelVersion }),
  };
}
