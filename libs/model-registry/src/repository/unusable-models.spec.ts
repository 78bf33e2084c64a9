import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { MemoryLogger } from '@aerie/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TASK_SECTIONS } from '../loading/task-sections.js';
import type { RegistrySettings } from '../registry-settings.js';
import { TemporaryRepository } from '../testing/temporary-repository.js';
import { scanRepository } from './repository-scanner.js';

let repository: TemporaryRepository;
let logger: MemoryLogger;
const servers: Server[] = [];

beforeEach(() => {
  repository = new TemporaryRepository().write({ 'good/model.json': {}, 'good/1/model.onnx': 'x' });
  logger = new MemoryLogger();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  repository.remove();
});

const scan = (changes: Partial<RegistrySettings>) =>
  scanRepository({ settings: repository.settings(changes), sections: TASK_SECTIONS, logger });

const at = (...parts: readonly string[]): string => join(repository.path, ...parts);

/** Each makes a folder `bad` that cannot be used. */
const FAULTS: readonly [string, RegExp, () => void | Promise<void>][] = [
  [
    'a folder that cannot be read',
    /^the folder cannot be read \(ELOOP\)$/,
    () => symlinkSync('bad', at('bad')),
  ],
  ['a manifest that is not JSON', /^expected JSON: /, () => void repository.write({ 'bad/model.json': '{' })],
  [
    'a wrong field',
    /^color: is not a known field/,
    () => void repository.write({ 'bad/model.json': { color: 1 } }),
  ],
  [
    'a manifest without a model',
    /^expected an ONNX file/,
    () => void repository.write({ 'bad/model.json': {} }),
  ],
  [
    'a manifest that is not UTF-8',
    /^model\.json is a file that is not UTF-8$/,
    () => {
      mkdirSync(at('bad'));
      writeFileSync(at('bad/model.json'), Buffer.from('{"description":"\xe9"}', 'latin1'));
    },
  ],
  [
    'a link out of the repository',
    /^bad leads out of the repository, and not into a folder of MODEL_LINKS$/,
    () => {
      mkdirSync(join(repository.base, 'outside'));
      symlinkSync(join(repository.base, 'outside'), at('bad'));
    },
  ],
  [
    'a manifest that is a link out of the repository',
    /^model\.json leads out of the repository, and not/,
    () => {
      mkdirSync(at('bad'));
      writeFileSync(join(repository.base, 'outside.json'), '{}');
      symlinkSync(join(repository.base, 'outside.json'), at('bad/model.json'));
    },
  ],
  [
    'a manifest with a second name',
    /^model\.json has 2 names \(hard links\)/,
    () => {
      repository.write({ 'bad/model.json': {}, 'bad/1/model.onnx': 'x' });
      linkSync(at('bad/model.json'), join(repository.base, 'again'));
    },
  ],
  [
    'a FIFO as manifest',
    /^model\.json is no regular file but a FIFO$/,
    () => {
      mkdirSync(at('bad'));
      execFileSync('mkfifo', [at('bad/model.json')]);
    },
  ],
  [
    'a FIFO as config.json',
    /^config\.json is no regular file but a FIFO$/,
    () => {
      repository.write({ 'bad/1/model.onnx': 'x' });
      execFileSync('mkfifo', [at('bad/config.json')]);
    },
  ],
  [
    'a socket as manifest',
    /^model\.json is no regular file but a socket$/,
    async () => {
      mkdirSync(at('bad'));
      const server = createServer();
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(at('bad/model.json'), resolve));
    },
  ],
  [
    'a folder as manifest',
    /^model\.json is no regular file but a folder$/,
    () => void mkdirSync(at('bad/model.json'), { recursive: true }),
  ],
  [
    'a name that is taken',
    /^name: "good" is already the name of another model$/,
    () => void repository.write({ 'zz/model.json': { name: 'good' }, 'zz/1/model.onnx': 'x' }),
  ],
  [
    'a name that no model may have',
    /^name: the folder's name "my model" is no name for a model: expected letters/,
    () => void repository.write({ 'my model/1/model.onnx': 'x' }),
  ],
  [
    'a fallback that does not exist',
    /^fallbacks: expected names of other models/,
    () =>
      void repository.write({
        'bad/model.json': {
          task: 'text-generation',
          provider: { base_url: 'http://vllm.test/v1', model: 'theirs' },
          fallbacks: ['nobody'],
        },
      }),
  ],
];

describe('a folder of the repository that cannot be used', () => {
  it.each(FAULTS)('is named and logged once, and the others are served: %s', async (_, reason, make) => {
    await make();
    const { specs, unusable } = await scan({ requireModels: 'any' });
    expect(specs.map(({ name }) => name)).toEqual(['good']);
    expect(unusable).toEqual([{ name: expect.any(String), reason: expect.stringMatching(reason) }]);
    expect(unusable[0]?.reason).not.toContain(repository.base);
    expect(logger.of('error')).toMatchObject([{ fields: { folder: unusable[0]?.name } }]);
  });

  it.each(FAULTS)('stops the start with REQUIRE_MODELS=all: %s', async (_, reason, make) => {
    await make();
    await expect(scan({ requireModels: 'all' })).rejects.toMatchObject({
      name: 'ModelRepositoryError',
      problems: [expect.stringMatching(reason)],
    });
  });

  it('takes those along that fall back on it', async () => {
    const provider = { base_url: 'http://vllm.test/v1', model: 'theirs' };
    repository.write({
      'a/model.json': { task: 'text-generation', provider, fallbacks: ['b'] },
      'b/model.json': { task: 'text-generation', provider, fallbacks: ['nobody'] },
    });
    const { specs, unusable } = await scan({ requireModels: 'any' });
    expect(specs.map(({ name }) => name)).toEqual(['good']);
    expect(unusable.map(({ name }) => name).sort()).toEqual(['a', 'b']);
  });
});

describe('a wrong setting stops the start', () => {
  it.each([
    ['MODEL_PATH', { path: '/nonexistent' }],
    ['MODEL_LINKS', { links: ['/nonexistent'] }],
  ])('%s', async (name, changes) => {
    await expect(scan({ requireModels: 'any', ...changes })).rejects.toThrow(`(${name})`);
  });
});

describe('links into a folder that MODEL_LINKS allows are followed', () => {
  /** As the Hub's cache has it: a snapshot of links into a folder of blobs. */
  function hub(): string {
    const cache = join(repository.base, 'hub');
    mkdirSync(join(cache, 'models--x/blobs'), { recursive: true });
    mkdirSync(join(cache, 'models--x/snapshots/abc'), { recursive: true });
    for (const [name, content] of [
      ['model.onnx', 'x'],
      ['config.json', '{"architectures":["ViTForImageClassification"],"id2label":{"0":"a"}}'],
    ] as const) {
      writeFileSync(join(cache, 'models--x/blobs', name), content);
      symlinkSync(join('../../blobs', name), join(cache, 'models--x/snapshots/abc', name));
    }
    symlinkSync(join(cache, 'models--x/snapshots/abc'), at('x'));
    return cache;
  }

  it('of a folder and of the files in it', async () => {
    const { specs } = await scan({ links: [hub()] });
    expect(specs.map(({ name, task }) => [name, task])).toEqual([
      ['good', 'tensor'],
      ['x', 'image-classification'],
    ]);
  });

  it('but not on to a place beside it', async () => {
    const cache = hub();
    const { unusable } = await scan({ requireModels: 'any', links: [join(cache, 'models--x/snapshots')] });
    expect(unusable).toMatchObject([{ name: 'x', reason: expect.stringMatching(/^config\.json leads out/) }]);
  });
});
