import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { prepareDataDirectory } from './data-directory.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aerie-data-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);

describe('DATA_DIR', () => {
  it('is created for its user only', () => {
    prepareDataDirectory(join(folder, 'a/b'));
    expect(modeOf(join(folder, 'a/b'))).toBe('700');
  });

  it('is closed to others with its whole content, but links are not followed', () => {
    const outside = join(folder, 'outside');
    const data = join(folder, 'data');
    mkdirSync(join(data, 'queue/db'), { recursive: true });
    for (const file of [outside, join(data, 'queue/db/file'), join(data, 'queue/read-only')])
      writeFileSync(file, '');
    for (const path of [data, join(data, 'queue'), join(data, 'queue/db')]) chmodSync(path, 0o777);
    chmodSync(join(data, 'queue/read-only'), 0o444);
    chmodSync(join(data, 'queue/db/file'), 0o666);
    chmodSync(outside, 0o644);
    symlinkSync(outside, join(data, 'link'));
    prepareDataDirectory(data);
    const modes = readdirSync(data, { recursive: true, encoding: 'utf8' })
      .filter((name) => name !== 'link')
      .map((name) => [name, modeOf(join(data, name))]);
    expect([modeOf(data), Object.fromEntries(modes)]).toEqual([
      '700',
      { queue: '700', 'queue/db': '700', 'queue/db/file': '600', 'queue/read-only': '600' },
    ]);
    expect(modeOf(outside)).toBe('644');
  });

  it('is refused as a file or a path below a file', () => {
    writeFileSync(join(folder, 'file'), '');
    for (const path of [join(folder, 'file'), join(folder, 'file/data')])
      expect(() => {
        prepareDataDirectory(path);
      }).toThrow(
        /DATA_DIR: expected a folder whose whole content this user can write, got .*file.*, which is not a folder/,
      );
  });

  it.each([
    ['the folder for temporary files', tmpdir(), []],
    ['the root', '/', []],
    ['a folder with the models', '', ['models']],
    ['the working folder', 'work', ['work']],
  ])('is refused as %s, whose permissions the server must not change', (_, path, foreign) => {
    const before = modeOf(join(folder));
    expect(() => {
      prepareDataDirectory(
        path.startsWith('/') ? path : join(folder, path),
        foreign.map((name) => join(folder, name)),
      );
    }).toThrow(/DATA_DIR: expected a folder of its own, got .*, which holds /);
    expect(modeOf(folder)).toBe(before);
  });
});
