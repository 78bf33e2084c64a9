import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryLogger } from '@aerie/test-support';
import { BATCH_TASK_SECTIONS } from '../loading/batch-model-loader.js';
import type { ModelSpec } from '../model-spec.js';
import type { RegistrySettings } from '../registry-settings.js';
import { TemporaryRepository } from '../testing/temporary-repository.js';
import { type RepositoryScan, scanRepository } from './repository-scanner.js';

describe('scanRepository', () => {
  let repository: TemporaryRepository;
  let logger: MemoryLogger;

  beforeEach(() => {
    repository = new TemporaryRepository();
    logger = new MemoryLogger();
  });
  afterEach(() => {
    repository.remove();
  });

  const scanAll = (changes: Partial<RegistrySettings> = {}): Promise<RepositoryScan> =>
    scanRepository({ settings: repository.settings(changes), sections: BATCH_TASK_SECTIONS, logger });
  const scan = async (changes: Partial<RegistrySettings> = {}): Promise<readonly ModelSpec[]> =>
    (await scanAll(changes)).specs;
  const only = async (changes: Partial<RegistrySettings> = {}): Promise<ModelSpec> => {
    const [spec, ...others] = await scan(changes);
    if (spec === undefined || others.length > 0) throw new Error('expected one model');
    return spec;
  };

  it('orders versions by number; the highest is the default and the only eager one', async () => {
    repository.write({
      'm/model.json': {},
      'm/10/model.onnx': '',
      'm/2/model.onnx': '',
      'm/9/model.onnx': '',
    });
    const spec = await only();
    expect(spec.defaultVersion).toBe('10');
    expect(spec.versions.map(({ version, load }) => `${version} ${load}`)).toEqual([
      '2 lazy',
      '9 lazy',
      '10 eager',
    ]);
  });

  it('loads versions with traffic eagerly, those with weight 0 not, and lets load decide otherwise', async () => {
    repository.write({
      'm/model.json': {
        default: '1',
        traffic: { v2: 1, '3': 0, '4': 1 },
        versions: { '4': { load: 'lazy' } },
      },
      'm/1/model.onnx': '',
      'm/2/model.onnx': '',
      'm/3/model.onnx': '',
      'm/4/model.onnx': '',
    });
    const { versions } = await only();
    expect(versions.map(({ load }) => load)).toEqual(['eager', 'eager', 'lazy', 'lazy']);
  });

  it('takes defaults from the settings, lets the manifest win, and never exceeds the largest batch', async () => {
    repository.write({
      'a/model.json': { task: 'text-embedding' },
      'a/1/model.onnx': '',
      'b/model.json': {
        task: 'text-embedding',
        batching: { max_batch_size: 512, max_queue_size: 9, max_delay_ms: 2.5, max_batch_tokens: 100 },
        replicas: {
          count: 3,
          intra_op_threads: 2,
          require_gpu: true,
          stall_timeout: 1.5,
          execution_providers: ['cuda'],
        },
        keep_alive: 60,
      },
      'b/1/model.onnx': '',
    });
    const [a, b] = await scan({ maxBatchSize: 16, maxQueueSize: 7, replicas: 2, keepAliveMs: 5_000 });
    expect(a).toMatchObject({
      keepAliveMs: 5_000,
      batching: { maxBatchSize: 16, maxQueueSize: 7, maxDelayMs: 0, maxBatchTokens: null },
      replicas: { count: 2, intraOpThreads: null, requireGpu: false, stallTimeoutMs: 10_000 },
    });
    expect(b).toMatchObject({
      keepAliveMs: 60_000,
      batching: { maxBatchSize: 16, maxQueueSize: 9, maxDelayMs: 2.5, maxBatchTokens: 100 },
      replicas: {
        count: 3,
        intraOpThreads: 2,
        requireGpu: true,
        stallTimeoutMs: 1_500,
        executionProviders: ['cuda'],
      },
    });
  });

  it.each<[string, object, RegExp]>([
    ['a default that does not exist', { default: '3' }, /default: version 3 does not exist; there are: 1, 2/],
    ['an alias of no version', { aliases: { old: '7' } }, /aliases\.old: version 7 does not exist/],
    [
      'an alias that spells a version',
      { aliases: { v1: '2' } },
      /aliases\.v1: always means that version already/,
    ],
    ['traffic to no version', { traffic: { '5': 1 } }, /traffic\.5: version 5 does not exist/],
    ['traffic without weight', { traffic: { '1': 0 } }, /traffic: expected at least one weight above 0/],
    [
      'a version without files',
      { versions: { '4': {} } },
      /versions\.4: has neither a folder 4\/ nor a "file"/,
    ],
    [
      'a file that does not exist',
      { versions: { '2': { file: 'x.onnx' } } },
      /versions\.2\.file: .* "x\.onnx", which does not exist/,
    ],
    [
      'a file outside',
      { versions: { '2': { file: '../../x.onnx' } } },
      /versions\.2\.file: expected a file inside/,
    ],
    ['an unknown field', { color: 'red' }, /model\.json cannot be used:\n {2}color: is not a known field/],
  ])('refuses %s, naming file and field', async (_case, manifest, message) => {
    repository.write({ 'm/model.json': manifest, 'm/1/model.onnx': '', 'm/2/model.onnx': '' });
    await expect(scan()).rejects.toThrow(message);
    await expect(scan()).rejects.toThrow(join(repository.path, 'm', 'model.json'));
  });

  it('refuses a manifest that is not JSON, and one without a model', async () => {
    repository.write({ 'm/model.json': '{ "task": ' });
    await expect(scan()).rejects.toThrow(/model\.json cannot be used:\n {2}expected JSON/);
    repository.write({ 'm/model.json': {} });
    await expect(scan()).rejects.toThrow(/expected an ONNX file, found none/);
  });

  it('refuses two models of one name', async () => {
    repository.write({ 'a/model.onnx': '', 'b/model.json': { name: 'a' }, 'b/1/model.onnx': '' });
    await expect(scan()).rejects.toThrow('name: "a" is already the name of another model');
  });

  it('refuses a folder that is a link out of the repository, and a repository that is none', async () => {
    mkdirSync(join(repository.base, 'outside'));
    symlinkSync(join(repository.base, 'outside'), join(repository.path, 'm'));
    await expect(scan()).rejects.toThrow('m leads out of the repository');
    await expect(scan({ path: join(repository.base, 'none') })).rejects.toThrow('MODEL_PATH');
  });

  it('serves a bare folder with one ONNX file as raw tensors, lazily, one request a run', async () => {
    repository.write({ 'bare/net.onnx': '', '.hidden/x.onnx': '', SHA256SUMS: '' });
    expect(await only()).toMatchObject({
      name: 'bare',
      task: 'tensor',
      batching: { maxBatchSize: 1 },
      versions: [{ version: '1', load: 'lazy', file: 'net.onnx' }],
    });
  });

  it('leaves out a folder of which it cannot tell what to serve', async () => {
    repository.write({ 'many/a.onnx': '', 'many/b.onnx': '', 'docs/README.md': '' });
    expect(await scan()).toEqual([]);
    expect(logger.lines.map(({ level, fields }) => [level, (fields as { folder: string }).folder])).toEqual([
      ['warn', 'docs'],
      ['warn', 'many'],
    ]);
  });

  it('reads an image classifier in the Hugging Face layout', async () => {
    repository.write({
      'vit/config.json': {
        architectures: ['ViTForImageClassification'],
        id2label: { '10': 'k', '0': 'a', '2': 'c' },
      },
      'vit/preprocessor_config.json': {
        size: { shortest_edge: 256 },
        crop_size: { height: 224, width: 224 },
        do_center_crop: true,
        image_mean: [0.5, 0.5, 0.5],
        image_std: [0.5, 0.5, 0.5],
        resample: 2,
      },
      'vit/onnx/model.onnx': '',
      'vit/onnx/model_quantized.onnx': '',
    });
    expect(await only()).toMatchObject({
      task: 'image-classification',
      versions: [
        {
          file: 'onnx/model.onnx',
          load: 'eager',
          options: {
            labels: ['a', 'c', 'k'],
            activation: 'softmax',
            image: {
              width: 224,
              height: 224,
              crop: 0.875,
              mean: [127.5, 127.5, 127.5],
              std: [127.5, 127.5, 127.5],
              resample: 'bilinear',
            },
          },
        },
      ],
    });
  });

  it('reads sentence-transformers', async () => {
    repository.write({
      'bge/config.json': { architectures: ['BertModel'] },
      'bge/tokenizer.json': {},
      'bge/tokenizer_config.json': { model_max_length: 1e30 },
      'bge/sentence_bert_config.json': { max_seq_length: 512 },
      'bge/modules.json': [
        { type: 'sentence_transformers.models.Transformer', path: '' },
        { type: 'sentence_transformers.models.Pooling', path: '1_Pooling' },
      ],
      'bge/1_Pooling/config.json': { pooling_mode_cls_token: true },
      'bge/model.onnx': '',
    });
    const spec = await only();
    expect(spec.task).toBe('text-embedding');
    expect(spec.versions[0]?.options).toMatchObject({
      text: { max_tokens: 512, pooling: 'cls', normalize: false },
    });
  });

  it('lets a manifest win over what the Hugging Face files imply', async () => {
    repository.write({
      'bge/config.json': { architectures: ['BertModel'] },
      'bge/tokenizer.json': {},
      'bge/model.json': {
        text: { max_tokens: 99 },
        versions: { '2': { file: 'onnx/model_q.onnx' }, '1': { file: 'model.onnx' } },
      },
      'bge/model.onnx': '',
      'bge/onnx/model_q.onnx': '',
    });
    const spec = await only();
    expect(spec.task).toBe('text-embedding');
    expect(spec.versions.map(({ version, file }) => [version, file])).toEqual([
      ['1', 'model.onnx'],
      ['2', 'onnx/model_q.onnx'],
    ]);
    expect(spec.versions[0]?.options).toMatchObject({ text: { max_tokens: 99 } });
  });

  it('knows causal language models, and serves what it does not know as tensors', async () => {
    repository.write({
      'chat/config.json': { architectures: ['LlamaForCausalLM'] },
      'chat/model.onnx': '',
      'other/config.json': { architectures: ['SomethingForSegmentation'] },
      'other/model.onnx': '',
    });
    expect((await scan()).map(({ task }) => task)).toEqual(['text-generation', 'tensor']);
  });
});
