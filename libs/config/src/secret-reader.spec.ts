import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createSecretReader } from './secret-reader.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aerie-secrets-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('reads a secret from its variable, from .env or from a file, and returns null if there is none', () => {
  writeFileSync(join(folder, 'key'), 'from-file\n');
  writeFileSync(join(folder, '.env'), 'A_KEY=from-dotenv\nB_KEY=from-dotenv\nC_KEY_FILE=key\n');
  const read = createSecretReader({ A_KEY: 'from-environment', D_KEY: ' ' }, folder);
  expect(['A_KEY', 'B_KEY', 'C_KEY', 'D_KEY', 'E_KEY'].map(read)).toEqual([
    'from-environment',
    'from-dotenv',
    'from-file',
    null,
    null,
  ]);
});

it('names the variable whose file cannot be read', () => {
  const read = createSecretReader({ A_KEY_FILE: 'absent' }, folder);
  expect(() => read('A_KEY')).toThrow('A_KEY_FILE: expected a readable file');
});
