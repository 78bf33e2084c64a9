import { readdir } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { parseVersion } from '../manifest/version-number.js';

/** The ONNX files that were found, and the problems with others. */
export interface VersionFiles {
  /** ONNX file by version number, relative to the model's folder, with `/`. */
  readonly files: ReadonlyMap<string, string>;
  /** One line each, beginning with the field or folder. */
  readonly problems: readonly string[];
}

/** The manifest's entry for a version's file. */
type FileOverrides = ReadonlyMap<string, { readonly file?: string | undefined }>;

/**
 * Finds the ONNX file of each version: numbered folders, versions with a file in the manifest, or else a single
 * version 1 in the folder itself or in `onnx/`.
 */
export async function findVersionFiles(directory: string, overrides: FileOverrides): Promise<VersionFiles> {
  const files = new Map<string, string>();
  const problems: string[] = [];
  const folders = await versionFolders(directory);
  for (const version of folders) {
    const wanted = overrides.get(version)?.file;
    const found = await findOnnx(directory, [version], wanted);
    if (typeof found === 'string') files.set(version, found);
    else problems.push(`${wanted === undefined ? version : `versions.${version}.file`}: ${found.problem}`);
  }
  for (const [version, { file }] of overrides) {
    if (folders.includes(version)) continue;
    if (file === undefined) {
      // Without any numbered folder, version 1 may be the model that lies in the folder itself.
      if (version === '1' && folders.length === 0) continue;
      problems.push(`versions.${version}: has neither a folder ${version}/ nor a "file"`);
      continue;
    }
    const found = await findOnnx(directory, [''], file);
    if (typeof found === 'string') files.set(version, found);
    else problems.push(`versions.${version}.file: ${found.problem}`);
  }
  if (files.size === 0 && problems.length === 0) {
    const found = await findOnnx(directory, ['', 'onnx'], undefined);
    if (typeof found === 'string') files.set('1', found);
    else problems.push(found.problem);
  }
  return { files, problems };
}

async function versionFolders(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isFile() && parseVersion(entry.name) === entry.name)
    .map(({ name }) => name);
}

async function findOnnx(
  directory: string,
  folders: readonly string[],
  wanted: string | undefined,
): Promise<string | { readonly problem: string }> {
  if (wanted !== undefined) {
    const file = join(folders[0] ?? '', wanted).replaceAll('\\', '/');
    if (file.startsWith('..'))
      return { problem: `expected a file inside the model's folder, got "${wanted}"` };
    const names = await onnxFiles(join(directory, file, '..'));
    return names.includes(file.split('/').at(-1) ?? '')
      ? normalize(file).replaceAll('\\', '/')
      : { problem: `expected an ONNX file, got "${wanted}", which does not exist` };
  }
  const found: string[] = [];
  for (const folder of folders) {
    const names = await onnxFiles(join(directory, folder));
    const prefix = folder === '' ? '' : `${folder}/`;
    if (names.includes('model.onnx')) return `${prefix}model.onnx`;
    found.push(...names.map((name) => prefix + name));
  }
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  return {
    problem:
      only === undefined
        ? 'expected an ONNX file, found none'
        : `expected model.onnx or exactly one ONNX file, found ${found.join(', ')}; say which with "file"`,
  };
}

async function onnxFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.onnx'))
    .map(({ name }) => name);
}
