import { InferenceModule } from '@aerie/inference';
import { ModelRegistryModule } from '@aerie/model-registry';
import { Module } from '@nestjs/common';
import { ChatModule } from '../chat/chat.module.js';
import { OpenAiEmbeddingsController } from './embeddings.controller.js';
import { OpenAiModelsController } from './models.controller.js';
import { OpenAiTextController } from './text.controller.js';

/** The supported part of OpenAI's API. Its clients work with a changed base URL. */
@Module({
  imports: [InferenceModule, ModelRegistryModule, ChatModule],
  controllers: [OpenAiTextController, OpenAiEmbeddingsController, OpenAiModelsController],
})
export class OpenAiModule {}
