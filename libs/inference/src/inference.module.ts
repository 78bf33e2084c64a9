import { availableParallelism } from 'node:os';
import { SETTINGS, type Settings } from '@aerie/config';
import { ModelRegistry, ModelRegistryModule } from '@aerie/model-registry';
import { SafeFetcher } from '@aerie/outbound';
import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { BoundedGate } from './bounded-gate.js';
import { EmbedService } from './embed.service.js';
import { ImageLoader } from './image-source.js';
import { PredictService } from './predict.service.js';

/** Owns the connections to hosts of pictures. */
@Injectable()
class FetcherOwner implements OnApplicationShutdown {
  constructor(@Inject(SafeFetcher) private readonly fetcher: SafeFetcher) {}

  async onApplicationShutdown(): Promise<void> {
    await this.fetcher.close();
  }
}

/** The use cases that the server and the workers share. */
@Module({
  imports: [ModelRegistryModule],
  providers: [
    {
      provide: SafeFetcher,
      inject: [SETTINGS],
      useFactory: ({ images, http, appName }: Settings) =>
        new SafeFetcher({
          allowedHosts: images.allowedHosts,
          timeoutMs: images.fetchTimeoutMs,
          maxBytes: images.maxBytes,
          maxRedirects: images.maxRedirects,
          maxConnections: Math.min(256, http.maxConnections),
          userAgent: appName,
        }),
    },
    {
      provide: PredictService,
      inject: [ModelRegistry, SafeFetcher, SETTINGS],
      useFactory: (registry: ModelRegistry, fetcher: SafeFetcher, { images, models, http }: Settings) =>
        new PredictService(
          registry,
          new ImageLoader(fetcher, images.maxBytes),
          new BoundedGate(
            'image decoding',
            Math.max(1, Math.ceil(availableParallelism() / http.workers)),
            models.maxQueueSize,
          ),
          { maxPixels: images.maxPixels, timeoutSeconds: Math.ceil(http.requestTimeoutMs / 1000) },
        ),
    },
    {
      provide: EmbedService,
      inject: [ModelRegistry],
      useFactory: (registry: ModelRegistry) => new EmbedService(registry),
    },
    FetcherOwner,
  ],
  exports: [PredictService, EmbedService, ModelRegistryModule],
})
export class InferenceModule {}
