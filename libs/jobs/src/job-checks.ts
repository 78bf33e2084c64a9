import { AerieError, validationError } from '@aerie/contracts';
import type { WebhookTarget } from '@aerie/queue';
import type { JobSubmission } from './job-submission.js';

/** Checks of submissions that need more than the queue. */
export interface JobChecks {
  /**
   * Absent if this process does not know which models exist.
   *
   * @throws AerieError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND
   */
  readonly checkModel?: (task: string, model: string | null, version: string | null) => void;
  /** @throws AerieError for a URL that is never allowed */
  readonly checkWebhook?: (url: string) => void;
}

/** Parts of a submission that are checked. */
export type CheckedWork = Pick<JobSubmission, 'task' | 'model' | 'modelVersion'> & {
  readonly webhook: WebhookTarget | null;
};

/** @throws AerieError like {@link JobChecks.checkModel}; VALIDATION_ERROR for a webhook that is never allowed */
export function checkWork(
  { checkModel, checkWebhook }: JobChecks,
  { task, model, modelVersion, webhook }: CheckedWork,
): void {
  checkModel?.(task, model, modelVersion);
  if (webhook === null) return;
  try {
    checkWebhook?.(webhook.url);
  } catch (error) {
    if (!(error instanceof AerieError)) throw error;
    throw validationError({ field: 'webhook.url', message: `webhook.url: ${error.message}` });
  }
}
