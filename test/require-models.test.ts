import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { send, upload } from './support/http.js';
import { sample } from './support/image-host.js';
import { ROOT, ServerProcess } from './support/server-process.js';

describe('a repository in which most models cannot be used', () => {
  let models: string;
  let server: ServerProcess;

  beforeAll(async () => {
    models = mkdtempSync(join(tmpdir(), 'aerie-models-'));
    cpSync(join(ROOT, 'models/efficientnet-lite0'), join(models, 'efficientnet-lite0'), { recursive: true });
    mkdirSync(join(models, 'fifo'));
    execFileSync('mkfifo', [join(models, 'fifo/model.json')]);
    mkdirSync(join(models, 'status'));
    writeFileSync(join(models, 'status/model.json'), '[]');
    symlinkSync(join(ROOT, 'models/minilm-l6-v2'), join(models, 'outside'));
    mkdirSync(join(models, 'pointer/1'), { recursive: true });
    writeFileSync(join(models, 'pointer/model.json'), '{ "load": "eager" }');
    writeFileSync(
      join(models, 'pointer/1/model.onnx'),
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
    );
    server = await ServerProcess.start({ MODEL_PATH: models });
  });

  afterAll(() => {
    rmSync(models, { recursive: true, force: true });
  });

  it('serves the others, is degraded and names the reasons', async () => {
    // Logged after its load has failed.
    await server.waitForLog(({ msg, model }) => msg === 'model could not be loaded' && model === 'pointer');
    expect((await send(`${server.url}/health/ready`)).status).toBe(200);
    const health = await send(`${server.url}/health`);
    expect(health.status).toBe(200);
    expect(health.body).toMatchObject({ status: 'degraded', model_loaded: false });
    expect(health.body.details.models).toMatchObject({
      fifo: { state: 'unusable', error: 'model.json is no regular file but a FIFO' },
      outside: { state: 'unusable', error: expect.stringContaining('leads out of the repository') },
      'status/': { state: 'unusable', error: expect.any(String) },
      'pointer@1': { error: expect.stringContaining('Git LFS pointer') },
    });
    const { body } = await send(`${server.url}/api/v1/models`);
    expect(body.unusable).toMatchObject([{ name: 'fifo' }, { name: 'outside' }, { name: 'status' }]);
    const reply = await upload(`${server.url}/api/v1/predict`, sample('cat.jpg'));
    expect(reply.status).toBe(200);
  });

  it('is stopped by SIGTERM', async () => {
    server.signal('SIGTERM');
    expect(await server.exited).toMatchObject({ code: 0 });
  });

  it('stops the start with REQUIRE_MODELS=all', async () => {
    const { code, output } = await ServerProcess.runToExit({ MODEL_PATH: models, REQUIRE_MODELS: 'all' });
    expect(code).not.toBe(0);
    expect(output).toContain('model.json is no regular file but a FIFO');
  });
});
