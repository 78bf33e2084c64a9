import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../../test-fixtures/run-and-fail.mjs', import.meta.url));
const MODEL = fileURLToPath(new URL('../../../../models/minilm-l6-v2/1/model.onnx', import.meta.url));

describe('a process that runs models', () => {
  let home: string;
  let proxy: Server;
  let connections = 0;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'aerie-home-'));
    connections = 0;
    proxy = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    await new Promise((resolve) => proxy.close(resolve));
    rmSync(home, { recursive: true, force: true });
  });

  it('opens no connection, writes no file, and allows only its own lines on standard error', async () => {
    const { port } = proxy.address() as { readonly port: number };
    const url = `http://127.0.0.1:${String(port)}`;
    const proxies = Object.fromEntries(
      ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [
        [name, url],
        [name.toUpperCase(), url],
      ]),
    );
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
      execFile(
        process.execPath,
        [SCRIPT, MODEL],
        { env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, ...proxies } },
        (error, stdout, stderr) => {
          if (error === null) resolve({ stdout, stderr });
          else reject(new Error(stderr, { cause: error }));
        },
      );
    });
    expect(stdout).toMatch(/indices element out of data bounds/);
    expect(stderr).toBe('');
    expect(readdirSync(home, { recursive: true })).toEqual([]);
    expect(connections).toBe(0);
  });
});
