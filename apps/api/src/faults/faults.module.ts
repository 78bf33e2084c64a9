import { ModelRegistryModule } from '@aerie/model-registry';
import { Module } from '@nestjs/common';
import { FaultsController } from './faults.controller.js';

/** Fault injection for tests; imported only if the settings allow it. */
@Module({ imports: [ModelRegistryModule], controllers: [FaultsController] })
export class FaultsModule {}
