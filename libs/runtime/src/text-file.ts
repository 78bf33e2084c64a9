import { readFileSync } from 'node:fs';

/** A file that cannot be used. Its message fits after "got". */
export class TextFileError extends Error {
  override readonly name = 'TextFileError';
}

/**
 * The text of a file, without the byte order mark that Windows editors write, and with `\n` as line ends.
 *
 * @throws TextFileError if the file cannot be read or is not UTF-8
 */
export function readTextFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new TextFileError(describe(cause as NodeJS.ErrnoException), { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll(/\r\n?/g, '\n');
  } catch (cause) {
    throw new TextFileError('a file that is not UTF-8', { cause });
  }
}

function describe({ code = 'an error' }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'a file that does not exist';
    case 'EISDIR':
      return 'a folder';
    case 'EACCES':
      return 'a file that this user may not read';
    default:
      return `a file that cannot be read (${code})`;
  }
}
