import {
  type DynamicModule,
  type FactoryProvider,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModelRegistry, type ModelRegistryOptions } from './model-registry.js';

/** Options for the module's registry. */
export interface ModelRegistryModuleOptions extends ModelRegistryOptions {
  /** How long the shutdown waits for accepted requests, in milliseconds. Default 5,000. */
  readonly closeTimeoutMs?: number;
}

/** Creates the options from other Nest providers. */
export interface ModelRegistryModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (
    // Nest hands over what `inject` names; the factory states the types.
    ...dependencies: never[]
  ) => ModelRegistryModuleOptions | Promise<ModelRegistryModuleOptions>;
}

const OPTIONS = Symbol('MODEL_REGISTRY_OPTIONS');
const CLOSE_TIMEOUT_MS = 5_000;

/** Starts and stops the registry with the application. */
@Injectable()
class ModelRegistryLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(ModelRegistry) private readonly registry: ModelRegistry,
    @Inject(OPTIONS) private readonly options: ModelRegistryModuleOptions,
  ) {}

  /** A bad manifest stops the start. */
  async onModuleInit(): Promise<void> {
    await this.registry.scan();
  }

  onApplicationBootstrap(): void {
    this.registry.start();
  }

  /**
   * Nest closes the HTTP server between `beforeApplicationShutdown` and this hook and waits for its connections, so
   * requests in flight still find their models. An earlier hook would refuse them.
   */
  async onApplicationShutdown(): Promise<void> {
    await this.registry.close(AbortSignal.timeout(this.options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS));
  }
}

/**
 * Provides the {@link ModelRegistry} everywhere: registered once by the application with `forRootAsync`. Modules that
 * need it may name the bare class among their imports.
 *
 * @example
 * ModelRegistryModule.forRootAsync({
 *   inject: [SETTINGS, ENGINE, LOGGER],
 *   useFactory: ({ models }: Settings, engine: Engine, logger: Logger) => ({ settings: models, engine, logger }),
 * })
 */
@Module({})
export class ModelRegistryModule {
  static forRootAsync({ imports, inject, useFactory }: ModelRegistryModuleAsyncOptions): DynamicModule {
    return {
      module: ModelRegistryModule,
      global: true,
      ...(imports === undefined ? {} : { imports }),
      providers: [
        { provide: OPTIONS, useFactory, ...(inject === undefined ? {} : { inject }) },
        {
          provide: ModelRegistry,
          inject: [OPTIONS],
          useFactory: (options: ModelRegistryModuleOptions) => new ModelRegistry(options),
        },
        ModelRegistryLifecycle,
      ],
      exports: [ModelRegistry],
    };
  }
}
