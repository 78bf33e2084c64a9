import 'reflect-metadata';
import { Injectable, Module, type BeforeApplicationShutdown, Inject } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ModelRegistry } from './model-registry.js';
import { ModelRegistryModule } from './model-registry.module.js';
import { FakeEngine } from './testing/fake-engine.js';
import { MemoryLogger } from './testing/memory-logger.js';
import { TemporaryRepository } from './testing/temporary-repository.js';

/** Uses the registry in the hook before the one that closes it, as requests in flight do. Modules go in some order. */
@Injectable()
class LateUser implements BeforeApplicationShutdown {
  served: string | null = null;

  constructor(@Inject(ModelRegistry) private readonly registry: ModelRegistry) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.served = await this.registry.use('tensor', {}, undefined, async ({ name }) => name);
  }
}

const LAST_USER = Symbol('LAST_USER');

@Module({ imports: [ModelRegistryModule], providers: [LateUser] })
class FeatureModule {}

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
      providers: [{ provide: LAST_USER, useClass: LateUser }],
    })
    class Root {}
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest's options are a class in name only
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
    const users = [app.get(LateUser, { strict: false }), app.get<LateUser>(LAST_USER)];
    expect(app.get(ModelRegistry).describe()).toHaveLength(1);
    await app.close();
    expect(users.map(({ served }) => served)).toEqual(['raw', 'raw']);
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
    await expect(create()).rejects.toThrow('tusk: is no known field');
  });
});
