import { ApiProperty } from '@nestjs/swagger';

/** One label. */
export class PredictionDto {
  @ApiProperty({ example: 'tiger cat' })
  readonly label!: string;

  @ApiProperty({ minimum: 0, maximum: 1, example: 0.385 })
  readonly confidence!: number;
}

/** Reply to predict. */
export class PredictReplyDto {
  @ApiProperty({ type: [PredictionDto], description: 'Most likely first.' })
  readonly predictions!: readonly PredictionDto[];

  @ApiProperty({ description: 'Version that served the request.', example: '2' })
  readonly model_version!: string;

  @ApiProperty({
    description: 'Time in the model (tensors, run, results), without fetching, decoding and waiting.',
    example: 14.8,
  })
  readonly inference_time_ms!: number;
}
