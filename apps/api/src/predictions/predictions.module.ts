import { BATCH_ROUTES, InferenceModule } from '@aerie/inference';
import { Module } from '@nestjs/common';
import { routeControllerOf } from './route.controller.js';

/** The routes of tasks whose models run in batches. */
@Module({ imports: [InferenceModule], controllers: BATCH_ROUTES.map(routeControllerOf) })
export class PredictionsModule {}
