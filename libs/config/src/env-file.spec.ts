import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './configuration.error.js';
import { readEnvFile } from './env-file.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aerie-env-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function read(content: string | Buffer) {
  writeFileSync(join(folder, '.env'), content);
  return { ...readEnvFile(folder) };
}

function refusal(content: string | Buffer): readonly string[] {
  try {
    read(content);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ name, expected, received }) => `${name}: ${expected}, got ${received}`);
  }
  throw new Error('The file was accepted.');
}

describe('a .env file', () => {
  it.each([
    ['a byte order mark', '\uFEFFA=1\nB=2', { A: '1', B: '2' }],
    ['Windows line ends', 'A=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['old Mac line ends', 'A=1\rB=2', { A: '1', B: '2' }],
    ['comments and empty lines', '# c\n\n  \n A=1 # c\n#B=2\n', { A: '1' }],
    ['export', 'export A=1\nexport   B=2', { A: '1', B: '2' }],
    ['spaces around the name', '  A = 1 2  \nB=2', { A: '1 2', B: '2' }],
    ['an empty value', 'A=\nB=2', { A: '', B: '2' }],
    ['quotes of each kind', `A="a # b"\nB='a"b'\nC=\`it's\` # c`, { A: 'a # b', B: 'a"b', C: "it's" }],
    ['quotes inside a value', `A=it's "so"\nB=2`, { A: `it's "so"`, B: '2' }],
    [
      'a quoted value of several lines',
      'A="x\n\ny"\r\nB=\'1\r\n2\'\nC=3',
      { A: 'x\n\ny', B: '1\n2', C: '3' },
    ],
    ['an assignment inside quotes', 'A="\nB=2"\nC=3', { A: '\nB=2', C: '3' }],
    ['\\n in double quotes only', `A="x\\ny"\nB='x\\ny'`, { A: 'x\ny', B: 'x\\ny' }],
    ['a name twice, and the last one counts', 'A=1\nA=2', { A: '2' }],
    ['an equals sign in the value', 'A=postgres://h/db?x=1', { A: 'postgres://h/db?x=1' }],
  ])('may hold %s', (_, content, expected) => {
    expect(read(content)).toEqual(expected);
  });

  it.each([
    ['words', 'A=1\nsome words\nB=2', '.env, line 2: NAME=value or a comment, got neither'],
    ['a value without a name', '=1', '.env, line 1: NAME=value or a comment, got neither'],
    ['YAML', 'A=1\r\nB: 2\r\n', '.env, line 2: NAME=value or a comment, got neither'],
    ['a name with a space', 'A B=1', '.env, line 1: NAME=value or a comment, got neither'],
    ['an open quote', '\n\nA="x\nB=2', '.env, line 3: a closing quote for the value of A, got none'],
    [
      'more after quotes',
      'A="x"y\nB=2',
      '.env, line 1: nothing but a comment after the quoted value of A, got more',
    ],
    [
      'a quote after lines of another',
      'A="x\ny"\nB=\'',
      '.env, line 3: a closing quote for the value of B, got none',
    ],
  ])('is refused for %s, with the number of the line but not its content', (_, content, expected) => {
    expect(refusal(content)).toEqual([expected]);
  });

  it('is refused with a list of all invalid lines', () => {
    expect(refusal('one\nA=1\ntwo\n')).toHaveLength(2);
  });

  it('is refused in UTF-16, which some Windows shells write', () => {
    expect(refusal(Buffer.from('\uFEFFA=1', 'utf16le'))).toEqual([
      '.env: a readable text file in UTF-8, got a file that is not UTF-8',
    ]);
  });

  it('is refused as a folder, which Docker creates when a mounted file is missing', () => {
    mkdirSync(join(folder, '.env'));
    expect(() => readEnvFile(folder)).toThrow('.env: expected a readable text file in UTF-8, got a folder');
  });

  it('is refused as a FIFO, whose writer is not waited for', () => {
    execFileSync('mkfifo', [join(folder, '.env')]);
    expect(() => readEnvFile(folder)).toThrow('.env: expected a readable text file in UTF-8, got a FIFO');
  });

  it('may be missing', () => {
    expect(readEnvFile(folder)).toEqual({});
  });
});
