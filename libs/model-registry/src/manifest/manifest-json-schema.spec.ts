import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { MemoryLogger } from '@aerie/test-support';
import { TASK_SECTIONS } from '../loading/task-sections.js';
import { scanRepository } from '../repository/repository-scanner.js';
import { TemporaryRepository } from '../testing/temporary-repository.js';
import { manifestJsonSchema } from './manifest-json-schema.js';

const MODELS = new URL('../../../../models/', import.meta.url);

describe('the published JSON Schema of manifests', () => {
  it('is generated from the schemas in the code; if not: npm run build && node tools/write-manifest-schema.mjs', () => {
    const published: unknown = JSON.parse(readFileSync(new URL('manifest.schema.json', MODELS), 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(manifestJsonSchema(TASK_SECTIONS))));
  });

  it('refuses the sections of other tasks', () => {
    const { allOf } = manifestJsonSchema(TASK_SECTIONS) as {
      allOf: readonly { if: object; then: object }[];
    };
    expect(allOf[0]).toMatchObject({
      if: { properties: { task: { const: 'image-classification' } } },
      then: { properties: { text: false } },
    });
  });
});

describe('the manifests of the models that come with the server', () => {
  it('can be read, and have the documented versions and defaults', async () => {
    const repository = new TemporaryRepository();
    const settings = repository.settings({ path: MODELS.pathname.replace(/\/$/, '') });
    repository.remove();
    const { specs } = await scanRepository({
      settings,
      sections: TASK_SECTIONS,
      logger: new MemoryLogger(),
    });
    const images = specs.find(({ name }) => name === 'efficientnet-lite0');
    expect(images?.defaultVersion).toBe('2');
    expect(images?.versions.map(({ version, load }) => [version, load])).toEqual([
      ['1', 'lazy'],
      ['2', 'eager'],
    ]);
    expect(specs.map(({ name, task, defaultForTask }) => [name, task, defaultForTask])).toEqual([
      ['efficientnet-lite0', 'image-classification', true],
      ['minilm-l6-v2', 'text-embedding', true],
      ['smollm2-135m-instruct', 'text-generation', true],
    ]);
  });

  it('list the checksums of SHA256SUMS', () => {
    const lines = readFileSync(new URL('SHA256SUMS', MODELS), 'utf8').trim().split('\n');
    for (const line of lines) {
      const [sum = '', path = ''] = line.split(/\s+/);
      const [model = '', ...file] = path.split('/');
      const manifest = JSON.parse(readFileSync(new URL(`${model}/model.json`, MODELS), 'utf8')) as {
        sha256: Record<string, string>;
      };
      expect({ path, sum: manifest.sha256[file.join('/')] }).toEqual({ path, sum });
    }
  });
});
