import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AerieError } from '@aerie/contracts';
import type { GenerationEngineOptions } from '@aerie/generation';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryLogger } from '@aerie/test-support';
import { FakeEngine } from '../testing/fake-engine.js';
import { FakeTextEngine } from '../testing/fake-text-engine.js';
import { TemporaryRepository } from '../testing/temporary-repository.js';
import type { GenerationModelEvent } from '../generation-event.js';
import { ModelRegistry } from '../model-registry.js';
import { GenerationModelLoader } from './generation-model-loader.js';

const TOKENIZER = '{"model":{}}';
const USAGE = { promptTokens: 4, cachedTokens: 1, completionTokens: 2 };

describe('loading language models', () => {
  let repository: TemporaryRepository;
  let logger: MemoryLogger;
  let opened: GenerationEngineOptions[];
  let engine: FakeTextEngine;
  let failure: Error | null;
  let registry: ModelRegistry;

  beforeEach(() => {
    repository = new TemporaryRepository();
    logger = new MemoryLogger();
    opened = [];
    engine = new FakeTextEngine();
    failure = null;
  });

  afterEach(async () => {
    await registry.close();
    repository.remove();
  });

  async function scan(manifest: object, files: Readonly<Record<string, string | object>> = {}) {
    repository.write({
      'chat/model.json': { task: 'text-generation', ...manifest },
      'chat/1/model.onnx': 'graph',
      'chat/tokenizer.json': TOKENIZER,
      ...files,
    });
    const settings = repository.settings();
    registry = new ModelRegistry({
      settings,
      engine: new FakeEngine(),
      logger,
      loaders: [
        new GenerationModelLoader({
          settings,
          logger,
          cores: 2,
          binding: { name: 'node', sessionFactoryUrl: 'none', control: null },
          faultsAllowed: true,
          open: async (options) => {
            opened.push(options);
            if (failure !== null) throw failure;
            return engine;
          },
        }),
      ],
    });
    await registry.scan();
  }

  const use = () => registry.use('text-generation', {}, undefined, async (model) => model);

  it('opens the engine with every default, and hands out the model', async () => {
    await scan({});
    expect(await use()).toMatchObject({ name: 'chat', version: '1', contextLength: 2048 });
    expect(opened[0]).toMatchObject({
      name: 'chat@1',
      modelPath: join(repository.path, 'chat/1/model.onnx'),
      directory: join(repository.path, 'chat'),
      contextLength: 2048,
      maxSlots: 8,
      maxQueue: 256,
      chunkSize: 64,
      intraOpThreads: 2,
      allowSpinning: false,
      prefixCacheBytes: 268_435_456,
      stallTimeoutMs: 10_000,
      startTimeoutMs: 60_000,
      faultsAllowed: true,
    });
    expect(opened[0]).not.toHaveProperty('kvBudgetBytes');
    expect(opened[0]).not.toHaveProperty('queryGroups');
  });

  it('opens the engine as the manifest says', async () => {
    await scan(
      {
        generation: {
          files: 'text',
          context_length: 512,
          max_slots: 3,
          chunk_size: 32,
          allow_spinning: true,
          kv_budget_mib: 2,
          prefix_cache_mib: 0,
          query_groups: 4,
        },
        batching: { max_queue_size: 7 },
        replicas: { intra_op_threads: 1, stall_timeout: 3 },
      },
      { 'chat/text/tokenizer.json': TOKENIZER },
    );
    await use();
    expect(opened[0]).toMatchObject({
      directory: join(repository.path, 'chat/text'),
      contextLength: 512,
      maxSlots: 3,
      maxQueue: 7,
      chunkSize: 32,
      intraOpThreads: 1,
      allowSpinning: true,
      kvBudgetBytes: 2_097_152,
      prefixCacheBytes: 0,
      queryGroups: 4,
      stallTimeoutMs: 3_000,
    });
  });

  it.each([
    ['weights beside the ONNX file', '1/weights.data'],
    ['the tokenizer', 'tokenizer.json'],
    ['the chat template', 'chat_template.jinja'],
  ])('refuses %s that do not match their checksum', async (_, file) => {
    const sha256 = { [file]: createHash('sha256').update('what was published').digest('hex') };
    await scan({ sha256 }, { [`chat/${file}`]: 'something else' });
    await expect(use()).rejects.toMatchObject({
      code: 'MODEL_NOT_LOADED',
      message: expect.stringMatching(/does not match its checksum/) as unknown,
    });
    expect(opened).toEqual([]);
  });

  it.each(['../elsewhere', '/elsewhere'])('refuses files in %s', async (files) => {
    await scan({ generation: { files } });
    await expect(use()).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED' });
    expect(opened).toEqual([]);
  });

  it('tells callers that the model did not open, and the log why', async () => {
    failure = new AerieError('MODEL_NOT_LOADED', 'it failed', {
      cause: new Error('opset 99 in /secret/path'),
    });
    await scan({});
    const error: unknown = await use().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'MODEL_NOT_LOADED' });
    expect((error as Error).message).not.toContain('/secret/path');
    expect(logger.lines[0]).toMatchObject({
      level: 'error',
      fields: { err: { detail: 'opset 99 in /secret/path' } },
    });
  });

  it('reports what the model does, counts its requests, and logs its notices', async () => {
    await scan({});
    const events: GenerationModelEvent[] = [];
    const stop = registry.onGeneration((event) => events.push(event));
    await use();
    const observer = opened[0]?.observer;
    const step = { kind: 'decode', rows: 1, tokens: 1, runMs: 9 } as const;
    const record = { usage: USAGE, queueMs: 1, totalMs: 30 };
    observer?.onStep?.(step);
    observer?.onFirstToken?.(5);
    observer?.onInterToken?.(6);
    observer?.onEnd?.({ ...record, outcome: 'completed' });
    observer?.onEnd?.({ ...record, outcome: 'failed' });
    observer?.onEnd?.({ ...record, outcome: 'canceled' });
    const cause = new Error('out of memory');
    observer?.onNotice?.({ level: 'error', message: 'chat@1 lost its thread', cause });
    observer?.onNotice?.({ level: 'warn', message: 'the slow path' });
    stop();
    observer?.onFirstToken?.(7);
    expect(events.map(({ type, model, version }) => `${model}@${version} ${type}`)).toEqual([
      'chat@1 step',
      'chat@1 first-token',
      'chat@1 inter-token',
      'chat@1 end',
      'chat@1 end',
      'chat@1 end',
    ]);
    const { requests, total } = registry.describeModel('chat').versions[0]?.statistics ?? {};
    expect({ requests, total: total?.count }).toEqual({ requests: { succeeded: 1, failed: 1 }, total: 1 });
    const fields = { model: 'chat', version: '1' };
    expect(logger.lines.slice(-2)).toEqual([
      { level: 'error', message: 'chat@1 lost its thread', fields: { ...fields, err: cause } },
      { level: 'warn', message: 'the slow path', fields },
    ]);
  });

  it('reports the activity of loaded language models', async () => {
    await scan({});
    expect(registry.generation()).toEqual([]);
    await use();
    engine.current = { ...engine.current, running: 3, kvUsage: 0.5 };
    expect(registry.generation()).toEqual([{ name: 'chat', version: '1', status: engine.current }]);
    expect(registry.health().models[0]).toMatchObject({ replicasUp: 1, replicasTotal: 1, restarting: 0 });
  });

  it('begins with the language models, which take the longest', async () => {
    await scan({}, { 'a/model.json': { task: 'tensor', load: 'eager' }, 'a/1/model.onnx': 'graph' });
    const ready = new Promise<object>((resolve) => {
      logger.info = (fields, message) => {
        if (message === 'ready') resolve(fields);
      };
    });
    registry.start();
    expect(await ready).toEqual({ models: ['chat@1', 'a@1'] });
  });

  it('closes the engine with the registry', async () => {
    await scan({});
    await use();
    await registry.close();
    expect(engine.closed).toBe(true);
  });
});
