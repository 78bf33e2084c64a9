import { ConfigurationError, SETTINGS, type Settings } from '@aerie/config';
import { ModelRegistry } from '@aerie/model-registry';
import { Metrics } from '@aerie/observability';
import { Inject, Injectable, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { GenerateService } from './generate.service.js';

/** Reports the events of language models to the metrics, and refuses a CHAT_MODEL that does not exist. */
@Injectable()
class GenerationLifecycle implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    @Inject(ModelRegistry) private readonly registry: ModelRegistry,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    const { registry } = this;
    const { generation } = this.metrics;
    generation.watch(() => registry.generation().map(({ name, status }) => ({ model: name, ...status })));
    registry.onGeneration((event) => {
      switch (event.type) {
        case 'step':
          generation.observeStep(event.model, event.step);
          return;
        case 'first-token':
          generation.observeFirstToken(event.model, event.elapsedMs);
          return;
        case 'inter-token':
          generation.observeInterToken(event.model, event.elapsedMs);
          return;
        case 'end':
          generation.observeEnd(event.model, event.record);
      }
    });
  }

  onApplicationBootstrap(): void {
    const { chatModel } = this.settings.generation;
    if (chatModel === null) return;
    try {
      this.registry.resolve('text-generation', { model: chatModel });
    } catch (error) {
      const expected = `the name of a language model (${error instanceof Error ? error.message : ''})`;
      throw new ConfigurationError([{ name: 'CHAT_MODEL', expected, received: JSON.stringify(chatModel) }]);
    }
  }
}

/** Chat and text generation. Needs the registry, which is provided everywhere. */
@Module({
  providers: [
    {
      provide: GenerateService,
      inject: [ModelRegistry, SETTINGS],
      useFactory: (registry: ModelRegistry, { generation }: Settings) =>
        new GenerateService(registry, generation),
    },
    GenerationLifecycle,
  ],
  exports: [GenerateService],
})
export class GenerationModule {}
