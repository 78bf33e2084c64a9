import { fieldError, validationError } from '@aerie/contracts';
import type { Request } from 'express';

/** The form field that holds the file. */
export const FILE_FIELD = 'image';

/** Whether the body is a form. */
export function isForm(request: Request): boolean {
  return request.is('multipart/form-data') !== false;
}

/**
 * The file of a form.
 *
 * @throws AerieError VALIDATION_ERROR if there is none
 */
export function uploadedFile({ file }: Pick<Request, 'file'>): Uint8Array {
  if (file === undefined) throw validationError(fieldError(FILE_FIELD, 'must be a file'));
  return file.buffer;
}
