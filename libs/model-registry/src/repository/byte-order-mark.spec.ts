import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryLogger } from '@aerie/test-support';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { TASK_SECTIONS } from '../loading/task-sections.js';
import { TemporaryRepository } from '../testing/temporary-repository.js';
import { CheckedFiles } from './checked-files.js';
import { scanRepository } from './repository-scanner.js';

/** As editors on Windows write a file. */
const windows = (text: string): string => `\uFEFF${text}`.replaceAll('\n', '\r\n');

let repository: TemporaryRepository;

beforeEach(() => {
  repository = new TemporaryRepository();
});
afterEach(() => {
  repository.remove();
});

it('every file of a model folder may begin with a byte order mark', async () => {
  const files = {
    'vit/config.json': { architectures: ['ViTForImageClassification'], id2label: { '0': 'cat' } },
    'vit/preprocessor_config.json': { size: 96, do_resize: true },
    'bge/config.json': { architectures: ['BertModel'] },
    'bge/tokenizer.json': {},
    'bge/tokenizer_config.json': { model_max_length: 77 },
    'bge/sentence_bert_config.json': {},
    'bge/modules.json': [{ type: 'a.Pooling', path: 'pool' }],
    'bge/pool/config.json': { pooling_mode_cls_token: true },
    'own/model.json': { task: 'image-classification', default_for_task: true, labels: 'labels.txt' },
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(repository.path, name, '..'), { recursive: true });
    writeFileSync(join(repository.path, name), windows(JSON.stringify(content, null, 2)));
  }
  repository.write({ 'vit/model.onnx': '', 'bge/model.onnx': '', 'own/1/model.onnx': '' });
  repository.write({ 'own/labels.txt': windows('cat\ndog\n') });

  const { specs } = await scanRepository({
    settings: repository.settings(),
    sections: TASK_SECTIONS,
    logger: new MemoryLogger(),
  });
  expect(specs).toMatchObject([
    { name: 'bge', versions: [{ options: { text: { max_tokens: 77, pooling: 'cls' } } }] },
    { name: 'own', task: 'image-classification' },
    { name: 'vit', versions: [{ options: { labels: ['cat'], image: { width: 96 } } }] },
  ]);
  const own = new CheckedFiles({
    repository: repository.path,
    directory: join(repository.path, 'own'),
    sha256: new Map(),
  });
  expect(await own.readText('labels.txt')).toBe('cat\ndog\n');
});

it('text files are only read by the reader that drops it', () => {
  const allowed = new Set([
    'libs/http/src/version.ts',
    // These read files of the system, or binary files of the server.
    'libs/config/src/process/check-start.ts',
    'libs/runtime/src/available-cores.ts',
    'libs/model-registry/src/repository/find-models.ts',
    'libs/engine/src/onnx/session-config.ts',
    'libs/engine/src/onnx/vnni.ts',
    'libs/runtime/src/text-file.ts',
  ]);
  const root = new URL('../../../../', import.meta.url);
  expect(readers(root).filter((file) => !allowed.has(file))).toEqual([]);
});

/** Source files of packages and applications that read files directly. */
function readers(root: URL): readonly string[] {
  return ['apps', 'libs'].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((name) => /^\w+\/[^/]+\/src\/.*(?<!\.spec)\.ts$/.test(name) && !name.includes('/testing/'))
      .filter((name) => /\breadFile(?:Sync)?\(/.test(readFileSync(new URL(name, root), 'utf8'))),
  );
}
