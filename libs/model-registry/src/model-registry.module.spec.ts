import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryLogger } from '@aerie/test-support';
import { ModelRegistry } from './model-registry.js';
import { ModelRegistryModule } from './model-registry.module.js';
import { FakeEngine } from './testing/fake-engine.js';
import { TemporaryRepository } from './testing/temporary-repository.js';

@Module({ imports: [ModelRegistryModule] })
class FeatureModule {}

/** Nest ends the HTTP server and its requests here: after `beforeApplicationShutdown`, before `onApplicationShutdown`. */
interface Disposable {
  dispose: () => Promise<void>;
}

describe('ModelRegistryModule', () => {
  let repository: TemporaryRepository;
  let engine: FakeEngine;

  const create = () => {
    @Module({
      imports: [
        ModelRegistryModule.forRootAsync({
          useFactory: () => ({ settings: repository.settings(), engine, logger: new MemoryLogger() }),
        }),
        FeatureModule,
      ],
    })
    class Root {}

    return NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false });
  };

  beforeEach(() => {
    repository = new TemporaryRepository();
    engine = new FakeEngine();
  });
  afterEach(() => {
    repository.remove();
  });

  it('scans at the start, serves until requests are drained, and closes last', async () => {
    repository.write({ 'raw/model.onnx': '' });
    const app = await create();
    const registry = app.get(ModelRegistry);
    expect(registry.describe()).toHaveLength(1);
    let served: string | null = null;
    (app as unknown as Disposable).dispose = async () => {
      served = await registry.use('tensor', {}, undefined, async ({ name }) => name);
    };
    await app.close();
    expect(served).toBe('raw');
    expect(engine.lastPool.closed).toBe(true);
  });

  it('begins to load eager versions once the application has started', async () => {
    repository.write({ 'raw/model.json': { load: 'eager' }, 'raw/model.onnx': '' });
    const app = await create();
    expect(app.get(ModelRegistry).health().models[0]?.state).toBe('loading');
    await app.close();
  });

  it('fails the start for a bad manifest', async () => {
    repository.write({ 'raw/model.json': { tusk: 'tensor' }, 'raw/model.onnx': '' });
    await expect(create()).rejects.toThrow('tusk: is not a known field');
  });
});
