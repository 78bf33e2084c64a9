import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@aerie/runtime';
import { buildModelSpec } from '../manifest/build-model-spec.js';
import { isProvider } from '../loading/provider-section.js';
import { type ParsedManifest, parseManifest, type TaskSections } from '../manifest/parse-manifest.js';
import { MODEL_NAME } from '../manifest/manifest.schema.js';
import { ModelLoadError } from '../model-load.error.js';
import { ModelRepositoryError } from '../model-repository.error.js';
import type { ModelSpec } from '../model-spec.js';
import type { RegistrySettings } from '../registry-settings.js';
import { confinedFile, isInside } from './confined-path.js';
import { type ImpliedManifest, readHuggingFaceLayout } from './hugging-face-layout.js';
import { readOptionalJson } from './optional-json.js';
import { findVersionFiles, type VersionFiles } from './version-files.js';

/** Name of the manifest in a model's folder. */
export const MANIFEST_FILE = 'model.json';

/** What a scan needs. */
export interface ScanOptions {
  readonly settings: RegistrySettings;
  readonly sections: TaskSections;
  readonly logger: Logger;
}

/**
 * Reads all models of the repository. A folder without a manifest is read as far as it can be told what it holds;
 * one that holds no model is left out with a log line.
 *
 * @throws ModelRepositoryError naming the file and the field, for a manifest that cannot be used.
 */
export async function scanRepository(options: ScanOptions): Promise<readonly ModelSpec[]> {
  const { path } = options.settings;
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw new ModelRepositoryError(path, ['expected a folder with models (MODEL_PATH)'], error);
  });
  const specs: ModelSpec[] = [];
  for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (name.startsWith('.') || !(await isModelFolder(path, name))) continue;
    const spec = await readModel(name, options);
    if (spec === null) continue;
    if (specs.some((other) => other.name === spec.name)) {
      const problem = `name: "${spec.name}" is already the name of another model`;
      throw new ModelRepositoryError(join(path, name, MANIFEST_FILE), [problem]);
    }
    specs.push(spec);
  }
  return specs;
}

async function isModelFolder(repository: string, name: string): Promise<boolean> {
  const path = join(repository, name);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() !== true) return false;
  if (isInside(await realpath(repository), await realpath(path))) return true;
  throw new ModelRepositoryError(path, [
    'expected a folder inside the repository, got a link that leads out of it',
  ]);
}

async function readModel(
  folder: string,
  { settings, sections, logger }: ScanOptions,
): Promise<ModelSpec | null> {
  const directory = join(settings.path, folder);
  const file = join(directory, MANIFEST_FILE);
  const given = await readManifest(settings.path, file);
  const implied = await readHuggingFaceLayout(directory);
  const value = given === undefined ? (implied ?? { task: 'tensor', load: 'lazy' }) : over(implied, given);
  const manifest = parseManifest(value, given === undefined ? directory : file, sections);
  const { files, problems } = await versionFilesOf(manifest, directory);
  if (given === undefined && (files.size === 0 || !MODEL_NAME.test(folder))) {
    logger.warn(
      { folder, problems },
      'the folder holds no model that can be served; a model.json may say more',
    );
    return null;
  }
  if (given !== undefined && problems.length > 0) throw new ModelRepositoryError(file, problems);
  if (manifest.name === undefined && !MODEL_NAME.test(folder)) {
    throw new ModelRepositoryError(file, [`name: the folder's name "${folder}" is no model name; give one`]);
  }
  return buildModelSpec({ manifest, file, directory, folder, versionFiles: files, settings });
}

/** A model of another server has a single version 1, and no files. */
async function versionFilesOf(manifest: ParsedManifest, directory: string): Promise<VersionFiles> {
  const versions = [...manifest.versions];
  if (!isProvider(manifest.options)) {
    const { files, problems } = await findVersionFiles(directory, manifest.versions);
    const mixed = versions
      .filter(([, { options }]) => isProvider(options))
      .map(([version]) => `versions.${version}.provider: only a whole model may be another server's`);
    return { files, problems: [...problems, ...mixed] };
  }
  const problems = versions.flatMap(([version, { file }]) => [
    ...(version === '1' ? [] : [`versions.${version}: a model of another server has the single version 1`]),
    ...(file === undefined ? [] : [`versions.${version}.file: a model of another server has no files`]),
  ]);
  return { files: new Map([['1', '']]), problems };
}

async function readManifest(repository: string, file: string): Promise<unknown> {
  const value = await readOptionalJson(file);
  if (value === undefined) return undefined;
  try {
    await confinedFile(repository, file);
  } catch (error) {
    throw new ModelRepositoryError(
      file,
      [error instanceof ModelLoadError ? error.detail : String(error)],
      error,
    );
  }
  return value;
}

/** The manifest wins over what the files imply; nothing is implied for another task than theirs. */
function over(implied: ImpliedManifest | null, given: unknown): unknown {
  if (implied === null || typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const sameTask = !('task' in given) || given.task === implied.task;
  return sameTask ? { ...implied, ...given } : given;
}
