import { AerieError } from '@aerie/contracts';
import type { z } from 'zod';

/**
 * A job's input as its task needs it.
 *
 * @throws AerieError INVALID_INPUT, which is not tried again: another version of the server wrote it
 */
export function readInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AerieError(
    'INVALID_INPUT',
    'The stored input is not one that this version of the server can run.',
    {
      cause: parsed.error,
    },
  );
}
