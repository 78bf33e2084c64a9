import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { ConfigurationError } from '../configuration.error.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Permission bits of everyone except the owner. */
const OTHERS = 0o077;

/** From now on, this process and its threads create files for its user only: folders 0700, files 0600. */
export function keepFilesPrivate(): void {
  process.umask(OTHERS);
}

/**
 * Creates DATA_DIR if it is missing, and corrects the permissions of everything in it, because jobs hold callers' data.
 *
 * @param path absolute
 * @param foreign paths whose permissions the server must not change, so they must not lie in DATA_DIR
 * @throws ConfigurationError if it cannot be written, or holds foreign paths
 */
export function prepareDataDirectory(path: string, foreign: readonly string[] = []): void {
  try {
    if (!existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
      // A separate call: where nothing can be created, such as in /proc, a recursive mkdir never returns.
      mkdirSync(path, { mode: FOLDER_MODE });
    }
    const real = realpathSync(path);
    const held = [homedir(), tmpdir(), ...foreign].find((other) => holds(real, other));
    if (held !== undefined) throw refusal('a folder of its own', `${path}, which holds ${held}`);
    // A volume may belong to another user and still be writable; the server's own files in it are corrected.
    if (statSync(real).uid === process.getuid?.()) chmodSync(real, FOLDER_MODE);
    accessSync(real, constants.R_OK | constants.W_OK | constants.X_OK);
    restrictContent(real);
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const { code = '', path: at = path } = error as NodeJS.ErrnoException;
    throw refusal('a folder whose whole content this user can write', `${at}, ${reasonOf(code)}`);
  }
}

function restrictContent(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const status = lstatSync(path);
    // A link has no permissions of its own, and its target may belong to someone else.
    if (status.isSymbolicLink()) continue;
    const mode = status.isDirectory() ? FOLDER_MODE : FILE_MODE;
    if ((status.mode & 0o777) !== mode) chmodSync(path, mode);
    accessSync(path, constants.R_OK | constants.W_OK);
    if (status.isDirectory()) restrictContent(path);
  }
}

/** Whether `path` is `folder` or lies in it. */
function holds(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

function reasonOf(code: string): string {
  switch (code) {
    case 'EACCES':
      return 'which this user may not use';
    case 'EPERM':
      return 'which belongs to another user';
    case 'EROFS':
      return 'which is read-only';
    case 'ENOENT':
      return 'which cannot be created';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'which is not a folder';
    default:
      return `which cannot be used (${code})`;
  }
}

function refusal(expected: string, received: string): ConfigurationError {
  return new ConfigurationError([{ name: 'DATA_DIR', expected, received }]);
}
