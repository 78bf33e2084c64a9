import { ModelRegistryModule } from '@aerie/model-registry';
import { Module } from '@nestjs/common';
import { FaultsController } from './faults.controller.js';

/** The fault switch for tests; imported only where the settings allow it. */
@Module({ imports: [ModelRegistryModule], controllers: [FaultsController] })
export class FaultsModule {}
