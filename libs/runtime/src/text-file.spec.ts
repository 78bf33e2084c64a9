import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TextFileError, readTextFile } from './text-file.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aerie-text-'));
  path = join(folder, 'file');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function refusal(): string {
  try {
    return `accepted: ${readTextFile(path)}`;
  } catch (error) {
    return error instanceof TextFileError ? error.message : String(error);
  }
}

describe('a text file', () => {
  it('is read without byte order mark, and with \\n as line ends', () => {
    writeFileSync(path, '\uFEFFa\r\nb\rc\n');
    expect(readTextFile(path)).toBe('a\nb\nc\n');
  });

  it.each([
    ['does not exist', 'a file that does not exist', () => undefined],
    [
      'is not UTF-8',
      'a file that is not UTF-8',
      () => {
        writeFileSync(path, Buffer.of(0xff));
      },
    ],
    [
      'is a folder',
      'a folder',
      () => {
        mkdirSync(path);
      },
    ],
    ['is a FIFO, whose writer is not waited for', 'a FIFO', () => execFileSync('mkfifo', [path])],
    [
      'is a device',
      'a device',
      () => {
        path = '/dev/zero';
      },
    ],
  ])('is refused if it %s', (_, reason, make) => {
    make();
    expect(refusal()).toBe(reason);
  });

  it('is refused if it is a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const reason = refusal();
    await new Promise((resolve) => server.close(resolve));
    expect(reason).toBe('a socket');
  });
});
