import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { send } from './support/http.js';
import { ServerProcess, type Surroundings } from './support/server-process.js';

/** A wrong setting, the refusal's description of the value, and the environment of the start. */
type Refusal = [
  setting: string,
  got: string,
  environment: Record<string, string>,
  surroundings?: Surroundings,
];

describe('the start', () => {
  let server: ServerProcess | undefined;
  let blocker: Server | undefined;

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    blocker?.close();
  });

  it("prints the server's URL, its docs, and a working example call", async () => {
    server = await ServerProcess.start();
    expect(server.text).toContain(server.url);
    expect(server.text).toContain(`${server.url}/docs`);
    expect(server.text).toContain('curl -F image=@samples/cat.jpg');
  });

  it('stops with the name of a wrong setting, the expected and the received value', async () => {
    const { code, output } = await ServerProcess.runToExit({ PORT: 'eighty', RATE_LIMIT_PREDICT: 'often' });
    expect(code).toBe(78);
    expect(output).toMatch(/PORT: expected .*whole number.*got "eighty"/);
    expect(output).toMatch(/RATE_LIMIT_PREDICT: expected .*10\/minute.*got "often"/);
  });

  it('stops if the port is in use, and says so', async () => {
    blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker?.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    const { code, output } = await ServerProcess.runToExit({ PORT: String(port) });
    expect(code).toBe(78);
    expect(output).toMatch(`PORT: expected a free port, got ${String(port)}, which another process uses`);
  });

  it.each<Refusal>([
    ['MODEL_PATH', 'absent, which does not exist', { MODEL_PATH: '/absent' }],
    ['MODEL_PATH', 'which is not a folder', { MODEL_PATH: fileURLToPath(import.meta.url) }],
    ['DATA_DIR', 'which is not a folder', { DATA_DIR: fileURLToPath(import.meta.url) }],
    ['DATA_DIR', '/proc/aerie', { DATA_DIR: '/proc/aerie' }],
    ['DATA_DIR', '/, which holds ', { DATA_DIR: '/' }],
    ['DATA_DIR', 'which holds ', { DATA_DIR: '.' }],
    ['HOST', '"192.0.2.1" (EADDRNOTAVAIL)', { HOST: '192.0.2.1' }],
    ['HOST', '"not a host"', { HOST: 'not a host' }],
    ['MAX_CONNECTIONS', '10000', {}, { openFiles: 512 }],
    ['OPENAI_BASE_URL', '(a secret)', { OPENAI_BASE_URL: 'http://user:hunter2@h/v1' }],
    ['OPENAI_BASE_URL', '(a secret)', { OPENAI_BASE_URL: 'http://h/v1?key=hunter2' }],
    ['API_KEYS', '(a secret)', { API_KEYS: ',' }],
    ['API_KEYS_FILE', 'a folder', { API_KEYS_FILE: '/' }],
    ['WORKERS', '"none"', { WORKERS: 'none' }],
    ['ROLE', 'api, but nothing would run its jobs', { ROLE: 'api' }],
    ['.env, line 2', 'neither', {}, { envFile: 'API_KEYS=hunter2\nhunter2\n' }],
    ['.env', 'not UTF-8', {}, { envFile: Buffer.from('\uFEFFAPI_KEYS=hunter2', 'utf16le') }],
  ])(
    'is refused for %s with one line: got %s',
    async (...[setting, got, environment, surroundings]: Refusal) => {
      const { code, output, log, text } = await ServerProcess.runToExit(environment, surroundings);
      expect(code).toBe(78);
      const refusal = [text, ...log.map(({ msg }) => msg)].find((line) =>
        line.includes(`${setting}: expected `),
      );
      expect(refusal?.split(', got ').at(-1)).toContain(got);
      expect(output).not.toMatch(/hunter2|\bat .*\.js:\d+/);
      expect(log.filter(({ level }) => level !== 'info').length).toBeLessThanOrEqual(1);
    },
  );

  it('reads the first line of a .env that begins with a byte order mark', async () => {
    server = await ServerProcess.start({}, { envFile: '\uFEFFAPI_KEYS=secret-key-123456\nDEBUG=false\n' });
    expect((await send(`${server.url}/api/v1/models`)).status).toBe(401);
  });

  it('stops on a wrong manifest with REQUIRE_MODELS=all, and names the file and the field', async () => {
    const repository = mkdtempSync(join(tmpdir(), 'aerie-bad-'));
    mkdirSync(join(repository, 'broken'));
    writeFileSync(
      join(repository, 'broken/model.json'),
      JSON.stringify({ task: 'image-classification', lables: 'x' }),
    );
    const { code, output } = await ServerProcess.runToExit({ MODEL_PATH: repository, REQUIRE_MODELS: 'all' });
    expect(code).toBe(1);
    expect(output).toMatch(/broken/);
    expect(output).toMatch(/lables/);
  });

  it('serves a status page that works without the internet', async () => {
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
