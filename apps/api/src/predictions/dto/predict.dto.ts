import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsNotEmpty, IsString, Max, Min } from 'class-validator';

/** Fields that a JSON body and an upload share. */
export class PredictOptionsDto {
  @ApiPropertyOptional({
    description: 'Number of labels to return, most likely first.',
    minimum: 1,
    maximum: 100,
    default: 5,
    example: 3,
  })
  // Forms carry text. Number() would take true and [] for numbers, and null would stand in for the default.
  @Transform(({ value }: { readonly value: unknown }) =>
    typeof value === 'string' && value.trim() !== '' ? Number(value) : value,
  )
  @IsInt({ message: 'top_k must be a whole number from 1 to 100' })
  @Min(1, { message: 'top_k must be a whole number from 1 to 100' })
  @Max(100, { message: 'top_k must be a whole number from 1 to 100' })
  readonly top_k: number = 5;
}

/** JSON body of predict. */
export class PredictBodyDto extends PredictOptionsDto {
  @ApiProperty({
    description: 'URL of a JPEG, PNG or WebP image (http, https or data).',
    example: 'https://upload.wikimedia.org/wikipedia/commons/3/3a/Cat03.jpg',
  })
  @IsString({ message: 'image_url must be an http(s) or data: URL' })
  @IsNotEmpty({ message: 'image_url must not be empty' })
  readonly image_url!: string;
}

/** Multipart form of predict, for the documentation. */
export class PredictUploadDto extends PredictOptionsDto {
  @ApiProperty({ type: 'string', format: 'binary', description: 'A JPEG, PNG or WebP image.' })
  readonly image!: unknown;
}

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
