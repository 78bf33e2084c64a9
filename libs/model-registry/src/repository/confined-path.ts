import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { ModelLoadError } from '../model-load.error.js';

/** Whether `path` is `folder` or lies inside it. Both absolute, links already resolved. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/**
 * The real path of a regular file that lies in the repository and has no other name: neither a symbolic link that leads
 * out, nor a hard link through which somebody else can change it.
 *
 * @throws ModelLoadError when it is missing or refused.
 */
export async function confinedFile(repository: string, path: string): Promise<string> {
  const root = await realpath(repository);
  const real = await realpath(path).catch((error: unknown) => {
    throw new ModelLoadError('a file of the model is missing', path, error);
  });
  if (!isInside(root, real)) {
    throw new ModelLoadError(
      'a file of the model was refused',
      `${path} leads out of the repository, to ${real}`,
    );
  }
  const found = await stat(real);
  if (!found.isFile())
    throw new ModelLoadError('a file of the model was refused', `${path} is no regular file`);
  if (found.nlink !== 1) {
    const links = `${path} has ${String(found.nlink)} names (hard links), expected 1: copy it instead`;
    throw new ModelLoadError('a file of the model was refused', links);
  }
  return real;
}
