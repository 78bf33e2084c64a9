import { AerieError } from '@aerie/contracts';
import type { ItemResult } from '@aerie/model-registry';

/**
 * The value of the only result.
 *
 * @throws AerieError with the item's own code if it was refused.
 */
export function unwrap<O>(results: readonly ItemResult<O>[]): O {
  const [result] = results;
  if (result === undefined) throw new Error('The batch returned no result for its only item. This is a bug.');
  if (!result.ok) throw new AerieError(result.code, result.message);
  return result.value;
}
