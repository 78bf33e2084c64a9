import { type Stats, closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** A file that cannot be used. Its message fits after "got". */
export class TextFileError extends Error {
  override readonly name = 'TextFileError';
}

/**
 * The text of a regular file, without the byte order mark that Windows editors write, and with `\n` as line ends.
 *
 * @throws TextFileError if it is no regular file, cannot be read or is not UTF-8
 */
export function readTextFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readRegularFile(path);
  } catch (cause) {
    if (cause instanceof TextFileError) throw cause;
    throw new TextFileError(describe(cause as NodeJS.ErrnoException), { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll(/\r\n?/g, '\n');
  } catch (cause) {
    throw new TextFileError('a file that is not UTF-8', { cause });
  }
}

function readRegularFile(path: string): Buffer {
  // With O_NONBLOCK, to open a FIFO does not wait for its writer.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new TextFileError(fileKindOf(found));
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** The kind of a file that is no regular one, for messages. */
export function fileKindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a FIFO';
  return found.isSocket() ? 'a socket' : 'a device';
}

function describe({ code = 'an error' }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'a file that does not exist';
    // A socket cannot be opened.
    case 'ENXIO':
      return 'a socket';
    case 'EACCES':
      return 'a file that this user may not read';
    default:
      return `a file that cannot be read (${code})`;
  }
}
