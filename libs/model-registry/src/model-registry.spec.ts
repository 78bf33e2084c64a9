import { AerieError } from '@aerie/contracts';
import { reviveError, serializeError } from '@aerie/runtime';
import { FakeClock, MemoryLogger, settle } from '@aerie/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { InferenceEvent } from './inference-event.js';
import type { ModelLoader } from './loading/model-loader.js';
import { ModelRegistry, type ModelRegistryOptions } from './model-registry.js';
import type { RegistrySettings } from './registry-settings.js';
import { FakeEngine } from './testing/fake-engine.js';
import { TemporaryRepository } from './testing/temporary-repository.js';

const IMAGES = { task: 'image-classification', labels: ['cat', 'dog'] };

describe('ModelRegistry', () => {
  let repository: TemporaryRepository;
  let engine: FakeEngine;
  let clock: FakeClock;
  let logger: MemoryLogger;
  let registry: ModelRegistry;

  const newRegistry = (
    changes: Partial<RegistrySettings> = {},
    options: Partial<ModelRegistryOptions> = {},
  ): ModelRegistry =>
    new ModelRegistry({ settings: repository.settings(changes), engine, logger, clock, ...options });

  /** The files are real, so loads end a few turns of the event loop later. */
  const until = async (condition: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 10_000 && !condition(); turn++) await settle();
    expect(condition()).toBe(true);
  };
  const states = (): readonly string[] =>
    registry.health().models.map(({ name, version, state }) => `${name}@${version} ${state}`);
  const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => null,
      (error: unknown) => error,
    );
  const versionServing = (selector: object): Promise<string> =>
    registry.use(
      'image-classification',
      selector,
      undefined,
      async ({ name, version }) => `${name}@${version}`,
    );

  beforeEach(() => {
    repository = new TemporaryRepository();
    engine = new FakeEngine();
    clock = new FakeClock();
    logger = new MemoryLogger();
    registry = newRegistry();
  });
  afterEach(async () => {
    await registry.close();
    repository.remove();
    expect(clock.armed).toEqual([]);
  });

  describe('choosing', () => {
    beforeEach(async () => {
      repository.write({
        'a/model.json': { ...IMAGES, default: '2', aliases: { stable: '1' } },
        'a/1/model.onnx': '',
        'a/2/model.onnx': '',
        'a/3/model.onnx': '',
        'raw/model.onnx': '',
      });
      await registry.scan();
    });

    it.each([
      [{}, 'a@2'],
      [{ model: 'a' }, 'a@2'],
      [{ version: '3' }, 'a@3'],
      [{ version: 'v1' }, 'a@1'],
      [{ version: 'stable' }, 'a@1'],
    ])('finds for %j %s', async (selector, expected) => {
      const { name, version } = registry.resolve('image-classification', selector);
      expect(`${name}@${version}`).toBe(expected);
      expect(engine.opened).toEqual([]);
      expect(await versionServing(selector)).toBe(expected);
    });

    it.each<[string, object, string, string]>([
      [
        'an unknown model',
        { model: 'b' },
        'MODEL_NOT_FOUND',
        'There is no model "b" for image-classification. There are: a.',
      ],
      [
        'a model of another task',
        { model: 'raw' },
        'MODEL_NOT_FOUND',
        'The model "raw" is for tensor, not for image-classification. There are: a.',
      ],
      [
        'an unknown version',
        { version: '4' },
        'MODEL_VERSION_NOT_FOUND',
        'The model "a" has no version "4". It has: 1, 2, 3; aliases: stable.',
      ],
      [
        'an endless version',
        { version: 'x'.repeat(500) },
        'MODEL_VERSION_NOT_FOUND',
        `The model "a" has no version "${'x'.repeat(61)}...". It has: 1, 2, 3; aliases: stable.`,
      ],
      [
        'an inherited name',
        { model: 'constructor' },
        'MODEL_NOT_FOUND',
        'There is no model "constructor" for image-classification. There are: a.',
      ],
    ])('refuses %s with 404 and says what there is', async (_case, selector, code, message) => {
      expect(await errorOf(versionServing(selector))).toMatchObject({ code, message });
      expect(() => registry.resolve('image-classification', selector)).toThrow(message);
    });

    it('says when no model serves a task', () => {
      expect(() => registry.resolve('text-embedding', {})).toThrow(
        'No model serves text-embedding. There are none.',
      );
      expect(() => registry.describeModel('b')).toThrow('There is no model "b". There are: a, raw.');
    });

    it('splits traffic by weight, keeps a key on its version, and lets an explicit version win', async () => {
      repository.write({ 'a/model.json': { ...IMAGES, traffic: { '1': 1, '3': 1 } } });
      const draws = [0.1, 0.9].values();
      registry = newRegistry({}, { random: () => draws.next().value ?? 0 });
      await registry.scan();
      const pick = (selector: object): string => registry.resolve('image-classification', selector).version;
      expect([pick({}), pick({})]).toEqual(['1', '3']);
      const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
      expect(new Set(keys.map((stickyKey) => pick({ stickyKey })))).toEqual(new Set(['1', '3']));
      for (const stickyKey of keys) expect(pick({ stickyKey })).toBe(pick({ stickyKey }));
      expect(pick({ version: '2', stickyKey: 'key-1' })).toBe('2');
    });

    it('selects randomly for each request with sticky: false', async () => {
      repository.write({ 'a/model.json': { ...IMAGES, traffic: { '1': 1, '3': 1 }, sticky: false } });
      const draws = [0.1, 0.9].values();
      registry = newRegistry({}, { random: () => draws.next().value ?? 0 });
      await registry.scan();
      const pick = (): string => registry.resolve('image-classification', { stickyKey: 'k' }).version;
      expect([pick(), pick()]).toEqual(['1', '3']);
    });
  });

  describe('the default model of a task', () => {
    it('is the one marked', async () => {
      repository.write({ 'a/model.json': IMAGES, 'a/model.onnx': '' });
      repository.write({ 'b/model.json': { ...IMAGES, default_for_task: true }, 'b/model.onnx': '' });
      await registry.scan();
      expect(registry.resolve('image-classification', {}).name).toBe('b');
    });

    it.each([
      [false, 'expected true in exactly one model of task image-classification, got none of: "a", "b"'],
      [true, 'expected true in exactly one model of task image-classification, got 2 of: "a", "b"'],
    ])('must be unambiguous (all marked: %s)', async (marked, message) => {
      const manifest = { ...IMAGES, default_for_task: marked };
      repository.write({
        'a/model.json': manifest,
        'a/model.onnx': '',
        'b/model.json': manifest,
        'b/model.onnx': '',
      });
      await expect(registry.scan()).rejects.toThrow(message);
    });

    it('is not required for raw tensors, whose callers name the model', async () => {
      repository.write({ 'a/model.onnx': '', 'b/model.onnx': '' });
      await registry.scan();
      expect(() => registry.resolve('tensor', {})).toThrow(
        'Several models serve tensor: name one. There are: a, b.',
      );
      expect(registry.resolve('tensor', { model: 'b' }).name).toBe('b');
    });
  });

  describe('loading', () => {
    it('starts with the eager versions and is ready when all are', async () => {
      repository.write({ 'a/model.json': IMAGES, 'a/1/model.onnx': '', 'a/2/model.onnx': '' });
      engine.held = true;
      await registry.scan();
      expect(registry.health().ready).toBe(false);
      registry.start();
      await until(() => engine.pending.length === 1);
      expect(states()).toEqual(['a@1 unloaded', 'a@2 loading']);
      engine.pending[0]?.resolve();
      await until(() => registry.health().ready);
      expect(states()).toEqual(['a@1 unloaded', 'a@2 ready']);
    });

    it('opens the pool as manifest and settings say', async () => {
      repository.write({
        'a/model.json': {
          ...IMAGES,
          replicas: { count: 3, intra_op_threads: 2, execution_providers: ['cuda'], require_gpu: true },
        },
        'a/1/model.onnx': '',
        'b/model.onnx': '',
      });
      await registry.scan();
      await versionServing({});
      await registry.use('tensor', {}, undefined, async () => undefined);
      expect(engine.opened).toMatchObject([
        {
          model: 'a',
          version: '1',
          modelPath: `${repository.path}/a/1/model.onnx`,
          replicas: 3,
          intraOpThreads: 2,
          executionProviders: ['cuda'],
          device: 'gpu',
          stallTimeoutMs: 10_000,
          startTimeoutMs: 60_000,
        },
        { model: 'b', version: '1', device: 'cpu' },
      ]);
      expect(engine.opened[1]).not.toHaveProperty('replicas');
      expect(engine.opened[1]).not.toHaveProperty('intraOpThreads');
    });

    it('makes a trial run before the model gets traffic', async () => {
      repository.write({ 'a/model.json': IMAGES, 'a/model.onnx': '' });
      await registry.scan();
      await versionServing({});
      expect(engine.opened[0]?.trialItems).toMatchObject([{ orientation: 1, topK: 1 }]);
    });

    it("fails with 503 and the kernel's reason if the model does not fit its options", async () => {
      repository.write({ 'a/model.json': IMAGES, 'a/model.onnx': '' });
      const misfit = new AerieError('MODEL_NOT_LOADED', 'the model has 3 classes, but there are 2 labels', {
        cause: new Error('/secret/path'),
      });
      // As the engine revives it out of a replica's thread.
      const revived = reviveError(serializeError(misfit));
      engine.failure = new AerieError('MODEL_NOT_LOADED', '"a@1" could not be loaded', { cause: revived });
      await registry.scan();
      const error = (await errorOf(versionServing({}))) as AerieError;
      expect(error).toMatchObject({
        code: 'MODEL_NOT_LOADED',
        message: expect.stringContaining('the model has 3 classes, but there are 2 labels'),
      });
      expect(error.message).not.toContain('secret');
    });

    it.each([
      [
        'a Git LFS pointer',
        'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
        'is a Git LFS pointer',
      ],
      ['a web page', '\n<!DOCTYPE html><html>', 'is a web page or an XML document'],
      ['an XML document', '\uFEFF<?xml version="1.0"?><Error/>', 'is a web page or an XML document'],
      ['an empty file', '', 'is empty'],
    ])('says so if the file of a model is %s', async (_, content, reason) => {
      repository.write({ 'a/model.json': IMAGES, 'a/1/model.onnx': content });
      repository.write({
        'b/model.json': { sha256: { '1/model.onnx': '0'.repeat(64) } },
        'b/1/model.onnx': content,
      });
      repository.write({ 'c/model.json': {}, 'c/1/model.onnx': 'weights', 'c/1/model.onnx.data': content });
      engine.failure = new Error('Protobuf parsing failed.');
      await registry.scan();
      for (const [model, file] of [
        ['a', 'model.onnx'],
        ['b', 'model.onnx'],
        ['c', 'model.onnx.data'],
      ] as const) {
        const kind = model === 'a' ? 'image-classification' : 'tensor';
        const error = await errorOf(registry.use(kind, { model }, undefined, async () => null));
        expect((error as AerieError).message).toContain(`: ${file} ${reason}`);
      }
    });

    it('fails with 503 for a file with a wrong checksum, without opening it; the path stays in the log', async () => {
      repository.write({
        'a/model.json': { ...IMAGES, sha256: { 'model.onnx': '0'.repeat(64) } },
        'a/model.onnx': 'x',
      });
      await registry.scan();
      const error = await errorOf(versionServing({}));
      expect(error).toMatchObject({ code: 'MODEL_NOT_LOADED', status: 503, retryAfterMs: 1_000 });
      expect((error as AerieError).message).not.toContain(repository.path);
      expect(registry.describeModel('a').versions[0]).toMatchObject({
        state: 'failed',
        error: 'a file of the model does not match its checksum',
      });
      expect(engine.opened).toEqual([]);
      expect(JSON.stringify(logger.lines)).toContain(repository.path);
    });

    it('retries a failed eager load automatically', async () => {
      repository.write({ 'a/model.json': IMAGES, 'a/model.onnx': '' });
      engine.failure = new Error('no memory');
      await registry.scan();
      registry.start();
      await until(() => states()[0] === 'a@1 failed');
      engine.failure = null;
      await clock.advance(1_000);
      await until(() => registry.health().ready);
    });

    it('shares one load among the first callers, and ends only the wait of a caller that leaves', async () => {
      repository.write({ 'raw/model.onnx': '' });
      engine.held = true;
      await registry.scan();
      const leaving = new AbortController();
      const calls = Array.from({ length: 3 }, () =>
        registry.use('tensor', {}, undefined, async ({ name }) => name),
      );
      const left = errorOf(registry.use('tensor', {}, leaving.signal, async () => 'never'));
      await until(() => engine.pending.length > 0);
      const reason = new AerieError('CANCELED', 'gone');
      leaving.abort(reason);
      expect(await left).toBe(reason);
      engine.pending[0]?.resolve();
      expect(await Promise.all(calls)).toEqual(['raw', 'raw', 'raw']);
      expect(engine.opened).toHaveLength(1);
    });

    it('unloads an idle lazy version after its time, loads it again, and keeps eager ones', async () => {
      repository.write({ 'a/model.json': IMAGES, 'a/1/model.onnx': '', 'a/2/model.onnx': '' });
      registry = newRegistry({ keepAliveMs: 60_000 });
      await registry.scan();
      expect([await versionServing({ version: '1' }), await versionServing({})]).toEqual(['a@1', 'a@2']);
      await clock.advance(60_000);
      expect(states()).toEqual(['a@1 unloaded', 'a@2 ready']);
      expect(engine.pools.map(({ closed }) => closed)).toEqual([true, false]);
      expect(await versionServing({ version: '1' })).toBe('a@1');
      expect(engine.opened).toHaveLength(3);
    });

    it('skips a model whose task is not served, with one log line', async () => {
      repository.write({ 'chat/model.json': { task: 'text-generation' }, 'chat/1/model.onnx': '' });
      await registry.scan();
      expect(registry.describe()).toEqual([]);
      expect(logger.lines).toEqual([
        {
          level: 'info',
          message: 'model skipped: this build does not serve its task',
          fields: { model: 'chat', task: 'text-generation' },
        },
      ]);
    });

    it('serves further tasks through additional loaders', async () => {
      repository.write({ 'chat/model.json': { task: 'text-generation' }, 'chat/1/model.onnx': '' });
      const loader: ModelLoader = {
        sections: {
          'text-generation': { safeParse: () => ({ success: true, data: { slots: 4 } }) } as never,
        },
        load: async ({ version }) => Promise.reject(new Error(JSON.stringify(version.options))),
      };
      registry = newRegistry({}, { loaders: [loader] });
      await registry.scan();
      registry.start();
      await until(() => states()[0] === 'chat@1 failed');
      expect(logger.lines[0]?.fields).toMatchObject({ err: new Error('{"slots":4}') });
    });
  });

  describe('describing', () => {
    it('describes inputs, outputs, labels and execution provider of a loaded version', async () => {
      repository.write({
        'a/model.json': {
          ...IMAGES,
          description: 'pets',
          aliases: { stable: '1' },
          source: 'here',
          license: 'MIT',
        },
        'a/model.onnx': '',
      });
      await registry.scan();
      const before = registry.describeModel('a');
      expect(before).toMatchObject({
        labels: null,
        versions: [{ state: 'unloaded', inputs: null, loadedAt: null }],
      });
      await versionServing({});
      expect(registry.describe()).toMatchObject([
        {
          name: 'a',
          task: 'image-classification',
          description: 'pets',
          defaultVersion: '1',
          aliases: { stable: '1' },
          traffic: null,
          labels: ['cat', 'dog'],
          source: 'here',
          license: 'MIT',
          versions: [
            {
              version: '1',
              state: 'ready',
              load: 'eager',
              inputs: [{ name: 'x', datatype: 'float32', shape: ['batch', 3] }],
              outputs: [{ name: 'y', datatype: 'float32', shape: [-1] }],
              provider: 'cpu',
              error: null,
            },
          ],
        },
      ]);
    });

    it('reports replicas and a missing GPU to health', async () => {
      repository.write({
        'a/model.json': { ...IMAGES, replicas: { require_gpu: true } },
        'a/model.onnx': '',
      });
      await registry.scan();
      await versionServing({});
      const replica = { provider: 'cpu', deviceId: null, restarts: 0 };
      engine.lastPool.replicas = [
        { index: 0, state: 'busy', ...replica },
        { index: 1, state: 'wedged', ...replica },
        { index: 2, state: 'restarting', ...replica },
      ];
      expect(registry.health().models).toEqual([
        {
          name: 'a',
          version: '1',
          state: 'ready',
          eager: true,
          error: null,
          replicasUp: 1,
          replicasTotal: 3,
          wedged: 1,
          restarting: 1,
          gpuMissing: true,
          stalledForMs: null,
          queueLength: 0,
        },
      ]);
      engine.lastPool.replicas = [{ index: 0, state: 'idle', ...replica, provider: 'cuda', deviceId: 0 }];
      expect(registry.health().models[0]?.gpuMissing).toBe(false);
    });

    describe('one model that cannot be loaded', () => {
      beforeEach(() => {
        repository.write({
          'a/model.json': IMAGES,
          'a/model.onnx': '',
          'b/model.json': { load: 'eager', sha256: { 'model.onnx': '0'.repeat(64) } },
          'b/model.onnx': '',
        });
      });

      it('does not keep the others from being ready', async () => {
        registry = newRegistry({ requireModels: 'any' });
        await registry.scan();
        registry.start();
        expect(registry.health()).toMatchObject({ ready: false, loaded: false });
        await until(() => registry.health().ready);
        expect(registry.health()).toMatchObject({
          loaded: false,
          models: [
            { name: 'a', state: 'ready', error: null },
            {
              name: 'b',
              state: 'failed',
              error: 'a file of the model does not match its checksum: model.onnx is empty',
            },
          ],
        });
        expect(logger.of('info').map(({ message }) => message)).toContain('ready');
        // Still ready, and no second error, while it is tried again.
        for (let round = 0; round < 3; round++) {
          await clock.advance(60_000);
          expect(registry.health().ready).toBe(true);
          await until(() => states().includes('b@1 failed'));
        }
        expect(logger.of('error')).toHaveLength(1);
      });

      it('does with REQUIRE_MODELS=all', async () => {
        registry = newRegistry({ requireModels: 'all' });
        await registry.scan();
        registry.start();
        await until(() => states().includes('b@1 failed') && states().includes('a@1 ready'));
        expect(registry.health()).toMatchObject({ ready: false, loaded: false });
      });
    });

    it('is not ready when no eager model can be loaded, and names the folders that cannot be used', async () => {
      repository.write({
        'a/model.json': { ...IMAGES, sha256: { 'model.onnx': '0'.repeat(64) } },
        'a/model.onnx': '',
        'b/model.json': '{',
      });
      registry = newRegistry({ requireModels: 'any' });
      await registry.scan();
      registry.start();
      await until(() => states().includes('a@1 failed'));
      const unusable = [{ name: 'b', reason: expect.stringContaining('expected JSON') as unknown }];
      expect(registry.health()).toMatchObject({ ready: false, unusable });
      expect(registry.unusable).toEqual(unusable);
    });

    it('notifies listeners of each batch until they stop', async () => {
      repository.write({ 'raw/model.onnx': '' });
      await registry.scan();
      const events: InferenceEvent[] = [];
      const stop = registry.onInference((event) => events.push(event));
      const infer = () =>
        registry.use('tensor', {}, undefined, (model) => model.infer([{ inputs: {} }, { inputs: {} }]));
      await infer();
      expect(events).toMatchObject([
        { model: 'raw', version: '1', batchSize: 1, outcome: 'success' },
        { model: 'raw', version: '1', batchSize: 1, outcome: 'success' },
      ]);
      stop();
      await infer();
      expect(events).toHaveLength(2);
      expect(registry.describeModel('raw').versions[0]?.statistics.requests.succeeded).toBe(2);
    });
  });

  it('passes faults only to the pool of a loaded version', async () => {
    repository.write({ 'raw/model.onnx': '' });
    await registry.scan();
    expect(() => registry.injectFault('raw', '1', 'die')).toThrow('is not loaded');
    await registry.use('tensor', {}, undefined, async () => undefined);
    registry.injectFault('raw', 'v1', 'die');
    expect(engine.lastPool.faults).toEqual(['die']);
    expect(() => registry.injectFault('raw', '9', 'die')).toThrow('has no version "9"');
  });

  describe('closing', () => {
    it('refuses new requests, lets running work finish, then closes the pools', async () => {
      repository.write({ 'raw/model.onnx': '' });
      await registry.scan();
      let finish = (): void => {};
      const working = registry.use('tensor', {}, undefined, async (model) => {
        await new Promise<void>((resolve) => (finish = resolve));
        return model.infer([{ inputs: {} }]);
      });
      await until(() => states()[0] === 'raw@1 ready');
      const closing = registry.close();
      expect(registry.health().ready).toBe(false);
      expect(await errorOf(registry.use('tensor', {}, undefined, async () => 1))).toMatchObject({
        code: 'SHUTTING_DOWN',
      });
      expect(engine.lastPool.closed).toBe(false);
      finish();
      expect((await working).results).toHaveLength(1);
      await closing;
      expect(engine.lastPool.closed).toBe(true);
      await registry.close();
    });

    it('cancels loads and retries', async () => {
      repository.write({ 'a/model.json': IMAGES, 'a/model.onnx': '', 'raw/model.onnx': '' });
      engine.held = true;
      await registry.scan();
      registry.start();
      await until(() => engine.pending.length === 1);
      await registry.close();
      expect(engine.pending[0]?.signal?.aborted).toBe(true);
      registry.start();
      expect(states()).toEqual(['a@1 unloaded', 'raw@1 unloaded']);
    });
  });
});
