import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@aerie/runtime';
import { buildModelSpec } from '../manifest/build-model-spec.js';
import { fallbackProblems, isUpstream } from '../manifest/upstream-section.js';
import { UPSTREAM_SETTING } from '../manifest/upstream-spec.js';
import { type ParsedManifest, parseManifest, type TaskSections } from '../manifest/parse-manifest.js';
import { MODEL_NAME } from '../manifest/manifest.schema.js';
import { ModelRepositoryError } from '../model-repository.error.js';
import type { ModelSpec } from '../model-spec.js';
import type { RegistrySettings } from '../registry-settings.js';
import type { UnusableModel } from '../unusable-model.js';
import { confinedFile, confinedPath } from './confined-path.js';
import { type ImpliedManifest, readHuggingFaceLayout } from './hugging-face-layout.js';
import { RepositoryFiles } from './repository-files.js';
import { findVersionFiles, type VersionFiles } from './version-files.js';

/** Name of the manifest in a model's folder. */
export const MANIFEST_FILE = 'model.json';

/** Options for a scan. */
export interface ScanOptions {
  readonly settings: RegistrySettings;
  readonly sections: TaskSections;
  readonly logger: Logger;
  /** Models of the settings, which have no folder. A folder of the same name wins. */
  readonly upstreams?: readonly ModelSpec[];
}

/** The content of a repository, without the models of the settings. Can be copied by structured clone. */
export interface RepositoryScan {
  readonly specs: readonly ModelSpec[];
  /** Empty with REQUIRE_MODELS=all, where the first ends the scan. */
  readonly unusable: readonly UnusableModel[];
}

/**
 * Reads all models of the repository. A folder without a manifest is read as far as it can be told what it holds;
 * one that holds no model is left out with a log line. One that cannot be used is logged and reported.
 *
 * @throws ModelRepositoryError when the settings name no folders, and with REQUIRE_MODELS=all for the first folder that
 *   cannot be used, naming the file and the field
 */
export async function scanRepository(options: ScanOptions): Promise<RepositoryScan> {
  const { settings, logger } = options;
  const files = new RepositoryFiles(settings);
  const names = await readFolder(settings.path, 'a folder with models (MODEL_PATH)');
  for (const folder of settings.links)
    await readFolder(folder, 'a folder that links may lead into (MODEL_LINKS)');
  const specs = new Map<string, ModelSpec>();
  const unusable: UnusableModel[] = [];
  const refuse = (name: string, error: ModelRepositoryError): void => {
    if (settings.requireModels === 'all') throw error;
    const reason = error.problems.join('; ');
    logger.error({ folder: name, file: error.file, reason, err: error.cause }, 'the model cannot be used');
    unusable.push({ name, reason });
  };
  for (const name of names) {
    try {
      const spec = await readModel(name, options, files);
      if (spec === null) continue;
      if ([...specs.values()].some((other) => other.name === spec.name)) {
        const problem = `name: "${spec.name}" is already the name of another model`;
        throw new ModelRepositoryError(join(settings.path, name, MANIFEST_FILE), [problem]);
      }
      specs.set(name, spec);
    } catch (error) {
      refuse(name, toRepositoryError(error, join(settings.path, name)));
    }
  }
  const upstreams = (options.upstreams ?? []).filter(
    (upstream) => ![...specs.values()].some(({ name }) => name === upstream.name),
  );
  const all = (): readonly ModelSpec[] => [...specs.values(), ...upstreams];
  // A model that is left out may be a fallback of another.
  for (let left = -1; left !== specs.size;) {
    left = specs.size;
    for (const [name, spec] of specs) {
      const problems = fallbackProblems(spec, all());
      if (problems.length === 0) continue;
      specs.delete(name);
      refuse(name, new ModelRepositoryError(join(spec.directory, MANIFEST_FILE), problems));
    }
  }
  for (const upstream of upstreams) {
    const problems = fallbackProblems(upstream, all());
    if (problems.length > 0) throw new ModelRepositoryError(UPSTREAM_SETTING, problems);
  }
  return { specs: [...specs.values()], unusable };
}

async function readFolder(path: string, expected: string): Promise<readonly string[]> {
  const names = await readdir(path).catch((error: unknown) => {
    throw new ModelRepositoryError(path, [`expected ${expected}`], error);
  });
  return names.filter((name) => !name.startsWith('.')).sort();
}

/** Errors of the file system are the folder's; others are bugs. */
function toRepositoryError(error: unknown, directory: string): ModelRepositoryError {
  if (error instanceof ModelRepositoryError) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) throw error;
  return new ModelRepositoryError(directory, [`the folder cannot be read (${code})`], error);
}

async function isModelFolder(path: string, files: RepositoryFiles): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (found?.isDirectory() !== true) return false;
  await files.check(path, () => confinedPath(files.folders, path));
  return true;
}

async function readModel(
  folder: string,
  { settings, sections, logger }: ScanOptions,
  repositoryFiles: RepositoryFiles,
): Promise<ModelSpec | null> {
  const directory = join(settings.path, folder);
  if (!(await isModelFolder(directory, repositoryFiles))) return null;
  const file = join(directory, MANIFEST_FILE);
  const given = await readManifest(file, repositoryFiles);
  const implied = await readHuggingFaceLayout(directory, repositoryFiles);
  const value = given === undefined ? (implied ?? { task: 'tensor', load: 'lazy' }) : over(implied, given);
  const manifest = parseManifest(value, given === undefined ? directory : file, sections);
  const { files, problems } = await versionFilesOf(manifest, directory);
  if (given === undefined && files.size === 0) {
    logger.warn(
      { folder, problems },
      'the folder holds no model that can be served; a model.json may say more',
    );
    return null;
  }
  if (given !== undefined && problems.length > 0) throw new ModelRepositoryError(file, problems);
  if (manifest.name === undefined && !MODEL_NAME.test(folder)) {
    throw new ModelRepositoryError(file, [
      `name: the folder's name "${folder}" is no name for a model: expected letters of a to z, digits, ".", "_" and "-", ` +
        'at most 128, the first a letter or digit; rename the folder, or give a "name" in its model.json',
    ]);
  }
  return buildModelSpec({ manifest, file, directory, folder, versionFiles: files, settings });
}

/** A model of another server has a single version 1, and no files. */
async function versionFilesOf(manifest: ParsedManifest, directory: string): Promise<VersionFiles> {
  const versions = [...manifest.versions];
  if (!isUpstream(manifest.options)) {
    const { files, problems } = await findVersionFiles(directory, manifest.versions);
    const mixed = versions
      .filter(([, { options }]) => isUpstream(options))
      .map(([version]) => `versions.${version}.provider: only a whole model may be another server's`);
    return { files, problems: [...problems, ...mixed] };
  }
  const problems = versions.flatMap(([version, { file }]) => [
    ...(version === '1' ? [] : [`versions.${version}: a model of another server has the single version 1`]),
    ...(file === undefined ? [] : [`versions.${version}.file: a model of another server has no files`]),
  ]);
  return { files: new Map([['1', '']]), problems };
}

async function readManifest(file: string, files: RepositoryFiles): Promise<unknown> {
  const value = await files.readJson(file);
  if (value !== undefined) await files.check(file, () => confinedFile(files.folders, file));
  return value;
}

/** The manifest wins over what the files imply; nothing is implied for another task than theirs. */
function over(implied: ImpliedManifest | null, given: unknown): unknown {
  if (implied === null || typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const sameTask = !('task' in given) || given.task === implied.task;
  return sameTask ? { ...implied, ...given } : given;
}
