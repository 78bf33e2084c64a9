import cluster from 'node:cluster';
import { coresOf, createSecretReader, modelScanFile, SETTINGS, type Settings } from '@aerie/config';
import { type OrtBinding, ThreadEngine } from '@aerie/engine';
import {
  defaultUpstreamFromSettings,
  GenerationModelLoader,
  ModelRegistry,
  ModelRegistryModule,
  UpstreamModelLoader,
} from '@aerie/model-registry';
import { LOGGER, type PinoLogger, Metrics } from '@aerie/observability';
import { SafeFetcher } from '@aerie/outbound';
import { Inject, Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { BoundedGate } from './bounded-gate.js';
import { GenerationModule } from './generation.module.js';
import { EngineModule } from './engine.module.js';
import { LIST_GPUS, type ListGpus, ORT_BINDING } from './engine-tokens.js';
import { ImageLoader } from './image-loader.js';
import { InferenceService } from './inference.service.js';

/** Closes the resources of the use cases and reports batches to the metrics. */
@Injectable()
class InferenceLifecycle implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(SafeFetcher) private readonly fetcher: SafeFetcher,
    @Inject(ModelRegistry) private readonly registry: ModelRegistry,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.registry.onInference((event) => {
      this.metrics.observeBatch(event);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.fetcher.close();
  }
}

/**
 * The use cases that the server and the workers share, built from the settings. The engine does not need to be
 * closed, because the registry closes every pool it opened.
 */
@Module({
  imports: [
    EngineModule,
    GenerationModule,
    ModelRegistryModule.forRootAsync({
      inject: [SETTINGS, LOGGER, LIST_GPUS, ORT_BINDING],
      useFactory: (settings: Settings, logger: PinoLogger, gpus: ListGpus, binding: OrtBinding) => ({
        settings: settings.models,
        logger,
        // With WORKERS=1 there is no sibling to agree with.
        ...(cluster.isWorker && settings.http.workers > 1
          ? { scanFile: modelScanFile(settings, process.ppid) }
          : {}),
        engine: new ThreadEngine({
          faultsAllowed: settings.faultInjection,
          logger,
          cores: coresOf(settings),
          gpus,
          binding,
        }),
        loaders: [
          new GenerationModelLoader({
            settings: settings.models,
            logger,
            cores: coresOf(settings),
            faultsAllowed: settings.faultInjection,
            binding,
          }),
          new UpstreamModelLoader({
            secrets: createSecretReader(),
            logger,
            firstTokenTimeoutMs: settings.generation.firstTokenTimeoutMs,
          }),
        ],
        upstreams: [defaultUpstreamFromSettings(settings.generation)].filter((entry) => entry !== null),
      }),
    }),
  ],
  providers: [
    {
      provide: SafeFetcher,
      inject: [SETTINGS],
      useFactory: ({ images, appName }: Settings) =>
        new SafeFetcher({
          allowedHosts: images.allowedHosts,
          timeoutMs: images.fetchTimeoutMs,
          userAgent: appName,
        }),
    },
    {
      provide: InferenceService,
      inject: [ModelRegistry, SafeFetcher, SETTINGS],
      useFactory: (registry: ModelRegistry, fetcher: SafeFetcher, settings: Settings) => {
        const decoding = new BoundedGate('image decoding', coresOf(settings), settings.models.maxQueueSize);
        const images = new ImageLoader(fetcher, decoding, {
          maxBytes: settings.images.maxBytes,
          maxRedirects: settings.images.maxRedirects,
          maxPixels: settings.images.maxPixels,
          timeoutSeconds: Math.ceil(settings.http.requestTimeoutMs / 1000),
        });
        return new InferenceService(registry, { images });
      },
    },
    InferenceLifecycle,
  ],
  exports: [InferenceService, GenerationModule],
})
export class InferenceModule {}
