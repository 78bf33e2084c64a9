import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { fileKindOf } from '@aerie/runtime';
import { ModelLoadError } from '../model-load.error.js';

/** Whether `path` is `folder` or lies inside it. Both absolute, links already resolved. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/**
 * The real path of what lies in one of the folders, links resolved.
 *
 * @param folders the repository, and those that its links may lead into (MODEL_LINKS); absolute
 * @throws ModelLoadError when it is missing or lies elsewhere
 */
export async function confinedPath(folders: readonly string[], path: string): Promise<string> {
  const real = await realpath(path).catch((error: unknown) => {
    throw new ModelLoadError('a file of the model is missing', path, error);
  });
  for (const folder of folders) if (isInside(await realpath(folder), real)) return real;
  throw refused(
    `${path} leads out of the repository, and not into a folder of MODEL_LINKS`,
    new Error(`Its target is ${real}.`),
  );
}

/**
 * The real path of a regular file in one of the folders. Nothing is opened: to open a FIFO would wait for its writer.
 *
 * @throws ModelLoadError when it is missing or refused
 */
export async function confinedRegularFile(folders: readonly string[], path: string): Promise<string> {
  const real = await confinedPath(folders, path);
  const found = await stat(real);
  if (!found.isFile()) throw refused(`${path} is no regular file but ${fileKindOf(found)}`);
  return real;
}

/**
 * {@link confinedRegularFile} for a file that has no other name: no hard link through which somebody else can change it.
 *
 * @throws ModelLoadError when it is missing or refused
 */
export async function confinedFile(folders: readonly string[], path: string): Promise<string> {
  const real = await confinedRegularFile(folders, path);
  const { nlink } = await stat(real);
  if (nlink !== 1) {
    throw refused(`${path} has ${String(nlink)} names (hard links), expected 1: copy it instead`);
  }
  return real;
}

function refused(detail: string, cause?: Error): ModelLoadError {
  return new ModelLoadError('a file of the model is refused', detail, cause);
}
