import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../configuration.error.js';
import { loadSettings } from '../load-settings.js';
import { checkStart } from './check-start.js';

let folder: string;
let blocker: Server;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aerie-start-'));
  blocker = createServer();
  await new Promise<void>((resolve) => {
    blocker.listen(0, '127.0.0.1', resolve);
  });
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => blocker.close(resolve));
});

const VALID = { MODEL_PATH: '.', PORT: '0', WORKER_PORT: '0' };

async function problemsOf(
  variables: Readonly<Record<string, string>>,
  port: 'PORT' | 'WORKER_PORT' = 'PORT',
) {
  try {
    await checkStart(loadSettings({ ...VALID, ...variables }, folder), port);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ name, expected, received }) => `${name}: ${expected}, got ${received}`);
  }
}

describe('the start', () => {
  it('succeeds if nothing is missing', async () => {
    expect(await problemsOf({})).toEqual([]);
  });

  it.each(['PORT', 'WORKER_PORT'] as const)(
    'is refused on a port in use, and the error names %s',
    async (name) => {
      const { port } = blocker.address() as AddressInfo;
      expect(await problemsOf({ [name]: String(port) }, name)).toEqual([
        `${name}: a free port, got ${String(port)}, which another process uses`,
      ]);
    },
  );

  it('is refused without the models folder', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await problemsOf({ MODEL_PATH: 'absent' })).toEqual([
      `MODEL_PATH: a readable folder, got ${folder}/absent, which does not exist`,
    ]);
    expect(await problemsOf({ MODEL_PATH: 'file' })).toEqual([
      `MODEL_PATH: a readable folder, got ${folder}/file, which is not a folder`,
    ]);
  });

  it('is refused on an address that this machine does not have', async () => {
    expect(await problemsOf({ HOST: '192.0.2.1' })).toEqual([
      'HOST: an address of this machine, got "192.0.2.1" (EADDRNOTAVAIL)',
    ]);
  });

  it('is refused with all problems at once', async () => {
    expect(await problemsOf({ HOST: '192.0.2.1', MODEL_PATH: 'absent' })).toHaveLength(2);
  });
});
