import { AerieError } from '@aerie/contracts';

/** The error if a model returns NaN or an infinity, which JSON would write as null. */
export function notANumber(
  { name, version }: { readonly name: string; readonly version: string },
  item: string,
): AerieError {
  const message = `The model ${name}, version ${version}, returned numbers that are not finite for ${item}: the model is damaged or cannot process this input.`;
  return new AerieError('INTERNAL', message);
}
