import { DocumentedField } from '@aerie/fields';
import { PredictionDto } from '../classes/prediction.dto.js';

/** Reply to predict. */
export class PredictReplyDto {
  @DocumentedField({ type: [PredictionDto], description: 'Most likely first.' })
  readonly predictions!: readonly PredictionDto[];

  @DocumentedField({ description: 'Version that served the request.', example: '2' })
  readonly model_version!: string;

  @DocumentedField({
    description: 'Time in the model (tensors, run, results), without fetching, decoding and waiting.',
    example: 14.8,
  })
  readonly inference_time_ms!: number;
}
