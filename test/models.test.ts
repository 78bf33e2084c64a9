import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { send, upload } from './support/http.js';
import { sample } from './support/image-host.js';
import { ROOT, ServerProcess } from './support/server-process.js';

const LOADED = 'model loaded: efficientnet-lite0@1';

describe('GET /api/v1/models', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start();
  });

  it('lists every model', async () => {
    const { status, body } = await send(`${server.url}/api/v1/models`);
    expect(status).toBe(200);
    const names = (body.models as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['efficientnet-lite0', 'minilm-l6-v2']));
  });

  it('describes the versions, state, inputs, outputs and labels of one', async () => {
    const { body } = await send(`${server.url}/api/v1/models/efficientnet-lite0`);
    expect(body).toMatchObject({
      task: 'image-classification',
      default_version: '2',
      default_for_task: true,
    });
    expect(body.labels).toHaveLength(1000);
    expect(body.labels[281]).toBe('tabby');
    const versions = body.versions as { version: string; state: string; inputs: unknown }[];
    expect(versions.map(({ version }) => version)).toEqual(['1', '2']);
    expect(versions[1]).toMatchObject({
      state: 'ready',
      provider: 'cpu',
      inputs: [{ name: 'image', datatype: 'float32', shape: ['batch', 3, 224, 224] }],
      outputs: [{ name: 'probabilities', datatype: 'float32', shape: ['batch', 1000] }],
    });
  });

  it('loads a lazy version once, even if many callers wait for it', async () => {
    const stateOf = async () => {
      const { body } = await send(`${server.url}/api/v1/models/efficientnet-lite0`);
      return (body.versions as { state: string }[])[0]?.state;
    };
    expect(await stateOf()).toBe('unloaded');
    const url = `${server.url}/api/v1/predict?model_version=1`;
    const replies = await Promise.all(Array.from({ length: 8 }, () => upload(url, sample('cat.jpg'))));
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(await stateOf()).toBe('ready');
    const loads = server.log.filter(
      ({ msg, model, version }) => `${msg}: ${String(model)}@${String(version)}` === LOADED,
    );
    expect(loads).toHaveLength(1);
  });

  it('answers an unknown model with 404', async () => {
    const { status, body } = await send(`${server.url}/api/v1/models/nope`);
    expect(status).toBe(404);
    expect(body.error).toBe('MODEL_NOT_FOUND');
  });
});

describe('a traffic split', () => {
  let repository: string;
  let server: ServerProcess;

  beforeAll(async () => {
    repository = mkdtempSync(join(tmpdir(), 'aerie-models-'));
    cpSync(join(ROOT, 'models/efficientnet-lite0'), join(repository, 'efficientnet-lite0'), {
      recursive: true,
    });
    const path = join(repository, 'efficientnet-lite0/model.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...manifest, traffic: { '1': 50, '2': 50 } }));
    server = await ServerProcess.start({ MODEL_PATH: repository });
  });

  afterAll(async () => {
    await server.stop();
    rmSync(repository, { recursive: true });
  });

  async function versionFor(key: string, query = ''): Promise<string | null> {
    const form = new FormData();
    form.set('image', new Blob([new Uint8Array(sample('cat.jpg'))]), 'cat.jpg');
    const init = { method: 'POST', body: form, headers: { 'x-variant-key': key } };
    return (await send(`${server.url}/api/v1/predict${query}`, init)).headers.get('x-model-version');
  }

  it('sends callers to both versions and keeps each caller on one', async () => {
    const keys = Array.from({ length: 16 }, (_, index) => `caller-${String(index)}`);
    const first = await Promise.all(keys.map((key) => versionFor(key)));
    const second = await Promise.all(keys.map((key) => versionFor(key)));
    expect(new Set(first)).toEqual(new Set(['1', '2']));
    expect(second).toEqual(first);
  });

  it('is overridden by an explicit version', async () => {
    expect(await versionFor('caller-0', '?model_version=1')).toBe('1');
    expect(await versionFor('caller-0', '?model_version=2')).toBe('2');
  });
});

describe('two processes, after a manifest was edited', () => {
  let repository: string;
  let server: ServerProcess;

  beforeAll(async () => {
    repository = mkdtempSync(join(tmpdir(), 'aerie-models-'));
    cpSync(join(ROOT, 'models/efficientnet-lite0'), join(repository, 'efficientnet-lite0'), {
      recursive: true,
    });
    server = await ServerProcess.start({ MODEL_PATH: repository, WORKERS: '2' });
  });

  afterAll(async () => {
    await server.stop();
    rmSync(repository, { recursive: true });
  });

  it('a replaced process serves the same models as the other one', async () => {
    const path = join(repository, 'efficientnet-lite0/model.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...manifest, default: '1', description: 'Edited.' }));
    const ready = (count: number) =>
      server.waitForLog(() => server.log.filter(({ msg }) => msg === 'ready').length >= count);
    await ready(2);
    const [victim] = server.log.filter(({ msg }) => msg === 'listening').map(({ pid }) => pid);
    process.kill(victim ?? 0, 'SIGKILL');
    await ready(3);
    const seen = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const { body } = await send(`${server.url}/api/v1/models/efficientnet-lite0`, {
          headers: { connection: 'close' },
        });
        return [body.default_version, body.description] as const;
      }),
    );
    expect(new Set(seen.map(String))).toEqual(new Set([`2,${String(manifest.description)}`]));
  });
});
