import { fieldError, fieldProblems, validationError } from '@aerie/contracts';
import type { Request } from 'express';

/** As error messages name it. */
const HEADER = 'Idempotency-Key';
const MAX_KEY_LENGTH = 255;

/**
 * The idempotency key of a submission.
 *
 * @throws AerieError VALIDATION_ERROR if its length is wrong
 */
export function readIdempotencyKey(request: Request): string | null {
  const key = request.get('idempotency-key');
  if (key === undefined) return null;
  const problem = fieldProblems.length(key.length, { min: 1, max: MAX_KEY_LENGTH }, 'characters');
  if (problem === undefined) return key;
  throw validationError(fieldError(HEADER, problem));
}

/**
 * Refuses an idempotency key where it would have no effect, because its sender relies on it.
 *
 * @throws AerieError VALIDATION_ERROR
 */
export function refuseIdempotencyKey(request: Request): void {
  if (request.get('idempotency-key') === undefined) return;
  throw validationError(fieldError(HEADER, 'is for the submission of one job; this request takes none'));
}
