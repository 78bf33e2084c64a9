import { AerieError } from '@aerie/contracts';

/** What is answered where a model gives NaN or an infinity: JSON would tell it as null. */
export function notANumber(
  { name, version }: { readonly name: string; readonly version: string },
  item: string,
): AerieError {
  const message = `The model ${name}, version ${version}, gave no usable numbers for ${item}: it is damaged, or cannot cope with it.`;
  return new AerieError('INTERNAL', message);
}
