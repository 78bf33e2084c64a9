import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryLogger } from '@aerie/test-support';
import { TASK_SECTIONS } from '../loading/task-sections.js';
import { TemporaryRepository } from '../testing/temporary-repository.js';
import { scanRepository } from './repository-scanner.js';

const PROVIDER = { base_url: 'http://vllm.test/v1', model: 'theirs' };

describe('scanRepository, for models of other servers', () => {
  let repository: TemporaryRepository;

  beforeEach(() => {
    repository = new TemporaryRepository();
  });
  afterEach(() => {
    repository.remove();
  });

  async function scan(manifest: object) {
    repository.write({
      'local/model.json': { task: 'text-generation' },
      'local/model.onnx': '',
      'remote/model.json': { task: 'text-generation', ...manifest },
    });
    const { specs } = await scanRepository({
      settings: repository.settings(),
      sections: TASK_SECTIONS,
      logger: new MemoryLogger(),
    });
    return specs.filter(({ name }) => name === 'remote');
  }

  it('gives one the single version 1, which has no file', async () => {
    const [spec] = await scan({
      provider: PROVIDER,
      fallbacks: ['local'],
      versions: { v1: { load: 'lazy' } },
    });
    expect(spec).toMatchObject({
      defaultVersion: '1',
      versions: [
        { version: '1', file: '', load: 'lazy', options: { provider: PROVIDER, fallbacks: ['local'] } },
      ],
    });
  });

  it.each([
    [{ provider: PROVIDER, versions: { '2': {} } }, 'versions.2: a model of another server has the single'],
    [
      { provider: PROVIDER, versions: { '1': { file: 'model.onnx' } } },
      'versions.1.file: a model of another server has no files',
    ],
    [
      { versions: { '2': { file: 'model.onnx', provider: PROVIDER } } },
      "versions.2.provider: only a whole model may be another server's",
    ],
    [{ provider: PROVIDER, generation: {} }, 'generation: is not a known field'],
    [{ fallbacks: ['local'] }, 'fallbacks: is not a known field'],
    [{ provider: PROVIDER, default: '2' }, 'default: version 2 does not exist; there are: 1'],
  ])('refuses %j', async (manifest, problem) => {
    repository.write({ 'remote/model.onnx': '' });
    await expect(scan(manifest)).rejects.toThrow(problem);
  });

  it('repeats neither an address with a password nor a key in place of its name', async () => {
    const provider = { base_url: 'https://me:hunter2@vllm.test', model: 'm', api_key_env: 'sk-0123' };
    const refused = scan({ provider });
    await expect(refused).rejects.toThrow(
      'provider.api_key_env: expected the name of an environment variable',
    );
    await expect(refused).rejects.not.toThrow(/hunter2|sk-0123/);
  });
});
