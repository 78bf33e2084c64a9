import { ModelRegistryModule } from '@aerie/model-registry';
import { Module } from '@nestjs/common';
import { ModelsController } from './models.controller.js';

/** Descriptions of models. */
@Module({ imports: [ModelRegistryModule], controllers: [ModelsController] })
export class ModelsModule {}
