import { lstat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { readTextFile, TextFileError } from '@aerie/runtime';
import { ModelLoadError } from '../model-load.error.js';
import { ModelRepositoryError } from '../model-repository.error.js';
import { confinedRegularFile } from './confined-path.js';

/** Small files of model folders that are read while the repository is scanned: manifests and what lies beside them. */
export class RepositoryFiles {
  /** The repository, and the folders that its links may lead into. Absolute. */
  readonly folders: readonly string[];

  constructor({ path, links }: { readonly path: string; readonly links: readonly string[] }) {
    this.folders = [path, ...links];
  }

  /**
   * The content of a JSON file; undefined when there is none.
   *
   * @throws ModelRepositoryError when it cannot be read, is refused, or is not JSON
   */
  async readJson(path: string): Promise<unknown> {
    if (!(await this.has(path))) return undefined;
    const text = await this.check(path, async () =>
      readTextFile(await confinedRegularFile(this.folders, path)),
    );
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ModelRepositoryError(path, [`expected JSON: ${reason}`], error);
    }
  }

  /** Whether there is a file, or a link of this name. @throws ModelRepositoryError when its folder cannot be read */
  async has(path: string): Promise<boolean> {
    return lstat(path).then(
      () => true,
      (error: unknown) => {
        const { code = 'an error' } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT') return false;
        throw new ModelRepositoryError(dirname(path), [`cannot be read (${code})`], error);
      },
    );
  }

  /** Runs `check` and turns its errors into a ModelRepositoryError without paths. */
  async check<T>(path: string, check: () => Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (error) {
      if (error instanceof TextFileError) {
        throw new ModelRepositoryError(path, [`${basename(path)} is ${error.message}`], error);
      }
      if (error instanceof ModelLoadError) {
        throw new ModelRepositoryError(path, [error.detail.replaceAll(path, basename(path))], error);
      }
      throw error;
    }
  }
}
