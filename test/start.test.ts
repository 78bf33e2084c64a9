import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { send } from './support/http.js';
import { ServerProcess } from './support/server-process.js';

describe('the start', () => {
  let server: ServerProcess | undefined;
  let blocker: Server | undefined;

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    blocker?.close();
  });

  it('prints where the server is, its docs, and a call that works', async () => {
    server = await ServerProcess.start();
    expect(server.text).toContain(server.url);
    expect(server.text).toContain(`${server.url}/docs`);
    expect(server.text).toContain('curl -F image=@samples/cat.jpg');
  });

  it('stops with the name of a setting that cannot be used, what was expected and what came', async () => {
    const { code, output } = await ServerProcess.runToExit({ PORT: 'eighty', RATE_LIMIT_PREDICT: 'often' });
    expect(code).toBe(78);
    expect(output).toMatch(/PORT: expected .*whole number.*got "eighty"/);
    expect(output).toMatch(/RATE_LIMIT_PREDICT: expected .*10\/minute.*got "often"/);
  });

  it('stops when the port is taken, and says so', async () => {
    blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker?.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    const { code, output } = await ServerProcess.runToExit({ PORT: String(port) });
    expect(code).toBe(1);
    expect(output).toMatch(/EADDRINUSE|already in use/);
  });

  it('stops on a manifest that cannot be used, naming file and field', async () => {
    const repository = mkdtempSync(join(tmpdir(), 'aerie-bad-'));
    mkdirSync(join(repository, 'broken'));
    writeFileSync(
      join(repository, 'broken/model.json'),
      JSON.stringify({ task: 'image-classification', lables: 'x' }),
    );
    const { code, output } = await ServerProcess.runToExit({ MODEL_PATH: repository });
    expect(code).toBe(1);
    expect(output).toMatch(/broken/);
    expect(output).toMatch(/lables/);
  });

  it('has a page for people, without the internet', async () => {
    server = await ServerProcess.start();
    const page = await send(`${server.url}/`);
    expect(page.status).toBe(200);
    expect(page.text).toMatch(/<title>Aerie/);
    const assets = [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect(assets).toHaveLength(2);
    for (const path of assets) expect((await send(`${server.url}${path}`)).status).toBe(200);
    expect((await send(`${server.url}/assets/../package.json`)).status).toBe(404);
  });

  it('serves its API documentation without the internet', async () => {
    server = await ServerProcess.start();
    const page = await send(`${server.url}/docs`);
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/(src|href)="https?:/);
    expect((await send(`${server.url}/docs/swagger-ui-bundle.js`)).status).toBe(200);
    const { body } = await send(`${server.url}/openapi.json`);
    expect(Object.keys(body.paths as object)).toEqual(
      expect.arrayContaining(['/api/v1/predict', '/api/v1/embed', '/health', '/api/v1/models']),
    );
    expect(body.paths['/api/v1/predict'].post.responses['422']).toBeDefined();
  });
});
