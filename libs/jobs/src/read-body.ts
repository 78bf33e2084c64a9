import { AerieError } from '@aerie/contracts';
import { type BodyLimits, readDto } from '@aerie/inference';

/** Limits held when the job was submitted. */
export const NO_LIMITS: BodyLimits = { maxTexts: Infinity };

/**
 * The body that a job carries, by the class that checked it when it was submitted.
 *
 * @throws AerieError INVALID_INPUT, which is not tried again: another version of the server wrote it
 */
export function readBody<T extends object>(dto: new () => T, stored: unknown): T {
  try {
    return readDto(dto, stored);
  } catch (error) {
    throw new AerieError(
      'INVALID_INPUT',
      'The stored input is not one that this version of the server can run.',
      { cause: error },
    );
  }
}
