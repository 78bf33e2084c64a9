import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import { readTextFile, TextFileError } from '@aerie/runtime';
import type { TaskFiles } from '@aerie/tasks';
import { ModelLoadError } from '../model-load.error.js';
import { confinedFile, isInside } from './confined-path.js';
import { fileFault } from './file-fault.js';

/** Hashing a chunk takes about half a millisecond, so the event loop is never blocked for longer. */
const CHUNK_BYTES = 1024 * 1024;

/** Which files, and what they are held against. */
export interface CheckedFilesOptions {
  /** Absolute path of the repository: what leads out of it, and not into one of `links`, is refused. */
  readonly repository: string;
  /** Folders outside the repository that links may lead into. Default: none. */
  readonly links?: readonly string[];
  /** Absolute path of the model's folder. */
  readonly directory: string;
  /** Checksums by file, relative to the folder. Files that are not listed are not hashed. */
  readonly sha256: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal;
}

/** The files of a model, each checked before its path is handed out: inside the repository, one name, checksum. */
export class CheckedFiles implements TaskFiles {
  readonly #options: CheckedFilesOptions;
  readonly #checksums: ReadonlyMap<string, string>;
  /** A file that several ask for is hashed once. */
  readonly #checked = new Map<string, Promise<string>>();

  constructor(options: CheckedFilesOptions) {
    this.#options = options;
    this.#checksums = new Map([...options.sha256].map(([file, sum]) => [normalize(file), sum]));
  }

  async path(file: string): Promise<string> {
    const absolute = this.#absolute(file);
    let check = this.#checked.get(absolute);
    if (check === undefined) {
      check = this.#check(absolute);
      this.#checked.set(absolute, check);
    }
    return check;
  }

  async has(file: string): Promise<boolean> {
    return access(this.#absolute(file)).then(
      () => true,
      () => false,
    );
  }

  async readText(file: string): Promise<string> {
    const path = await this.path(file);
    try {
      return readTextFile(path);
    } catch (error) {
      if (!(error instanceof TextFileError)) throw error;
      throw new ModelLoadError('a file of the model cannot be read', `${path} is ${error.message}`, error);
    }
  }

  /**
   * The path of an ONNX file. Its weights may be in other files beside it, which the runtime opens directly:
   * all files of its folder are checked, and those that checksums are listed for must be there.
   */
  async modelPath(file: string): Promise<string> {
    const { directory } = this.#options;
    const folder = dirname(this.#absolute(file));
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      throw new ModelLoadError('a file of the model is missing', folder, error);
    });
    const present = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => join(folder, name));
    const listed = [...this.#checksums.keys()]
      .map((name) => resolve(directory, name))
      .filter((path) => dirname(path) === folder);
    for (const path of new Set([...present, ...listed])) await this.path(relative(directory, path));
    return this.path(file);
  }

  #absolute(file: string): string {
    const { directory } = this.#options;
    const absolute = resolve(directory, file);
    if (isAbsolute(file) || !isInside(directory, absolute)) {
      throw new ModelLoadError('a file of the model was refused', `${file} is outside the model's folder`);
    }
    return absolute;
  }

  async #check(absolute: string): Promise<string> {
    const { repository, links = [], directory, signal } = this.#options;
    const real = await confinedFile([repository, ...links], absolute);
    const name = relative(directory, absolute).split(sep).join('/');
    const expected = this.#checksums.get(normalize(name));
    if (expected === undefined) return real;
    const actual = await sha256OfFile(real, signal);
    if (actual !== expected) {
      const sums = `${absolute} has sha256 ${actual}, expected ${expected}`;
      const fault = await fileFault(real);
      const reason = 'a file of the model does not match its checksum';
      throw new ModelLoadError(fault === null ? reason : `${reason}: ${basename(name)} ${fault}`, sums);
    }
    return real;
  }
}

/** SHA-256 of a file in lowercase hexadecimal, read as a stream. */
async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(signal && { signal }) });
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
