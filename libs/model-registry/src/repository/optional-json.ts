import { readFile } from 'node:fs/promises';
import { ModelRepositoryError } from '../model-repository.error.js';

/**
 * The content of a JSON file; undefined when there is none.
 *
 * @throws ModelRepositoryError when it cannot be read or is not JSON.
 */
export async function readOptionalJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ModelRepositoryError(path, ['cannot be read'], error);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelRepositoryError(path, [`expected JSON: ${reason}`], error);
  }
}
