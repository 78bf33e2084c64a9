import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Logger } from '@aerie/runtime';
import { type RepositoryScan, type ScanOptions, scanRepository } from './repository-scanner.js';

/** Options for {@link findModels}. */
export interface FindModelsOptions extends ScanOptions {
  /** Shares the result with the other processes of the server. Default: each reads the repository. */
  readonly scanFile?: string | undefined;
}

/** The models of the repository and of the settings. @throws ModelRepositoryError as `scanRepository` does */
export async function findModels({ scanFile, ...options }: FindModelsOptions): Promise<RepositoryScan> {
  const scan = (): Promise<RepositoryScan> => scanRepository(options);
  const { specs, unusable } = await (scanFile === undefined
    ? scan()
    : sharedScan(scanFile, scan, options.logger));
  const others = (options.upstreams ?? []).filter(({ name }) => !specs.some((spec) => spec.name === name));
  return { specs: [...specs, ...others], unusable };
}

/**
 * The scan of the first process, for all processes of a server. Thus a replaced process serves the same models as the
 * others, even after a manifest was edited.
 *
 * @param file of this server and this start only
 * @param scan called when no process has stored a scan yet
 */
export async function sharedScan(
  file: string,
  scan: () => Promise<RepositoryScan>,
  logger: Logger,
): Promise<RepositoryScan> {
  const stored = await readScan(file);
  if (stored !== null) return stored;
  const found = await scan();
  const draft = `${file}.${String(process.pid)}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, serialize(found), { mode: 0o600 });
    // Unlike a rename, a link does not overwrite the scan of a faster process.
    await link(draft, file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    return (await readScan(file)) ?? found;
  } catch (error) {
    logger.warn(
      { err: error },
      'the models found cannot be shared; a replaced process will read the manifests again',
    );
    return found;
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

async function readScan(file: string): Promise<RepositoryScan | null> {
  try {
    return deserialize(await readFile(file)) as RepositoryScan;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
