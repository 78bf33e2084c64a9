import { InferenceModule } from '@aerie/inference';
import { Module } from '@nestjs/common';
import { EmbedController } from './embed.controller.js';
import { PredictController } from './predict.controller.js';

/** Predictions and embeddings over REST. */
@Module({
  imports: [InferenceModule],
  controllers: [PredictController, EmbedController],
})
export class PredictionsModule {}
