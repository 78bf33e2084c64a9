import type { SamplingParams } from '@aerie/inference';
import { ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsString,
  Length,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';

/** The rules of the field hold where it is given; null is not the same as nothing. */
export const IfGiven = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);

/** How text is chosen, and where it ends. */
export class SamplingDto {
  @ApiPropertyOptional({ minimum: 1, maximum: 4096, default: 256, description: 'An upper bound.' })
  @IsInt()
  @Min(1)
  @Max(4096)
  readonly max_tokens: number = 256;

  @ApiPropertyOptional({ minimum: 0, maximum: 2, default: 0.7, description: '0: the most likely token.' })
  @IsNumber()
  @Min(0)
  @Max(2)
  readonly temperature: number = 0.7;

  @ApiPropertyOptional({ type: [String], maxItems: 4, description: 'At most 20 characters each.' })
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(4)
  @IsString({ each: true })
  @Length(1, 20, { each: true })
  readonly stop_sequences?: string[];

  @ApiPropertyOptional({ minimum: 0, exclusiveMinimum: true, maximum: 1, default: 1 })
  @IfGiven()
  @IsNumber()
  @Min(Number.MIN_VALUE, { message: 'top_p must be above 0' })
  @Max(1)
  readonly top_p?: number;

  @ApiPropertyOptional({ minimum: 0, maximum: 1_000_000, default: 0, description: '0: off.' })
  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  readonly top_k?: number;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 1,
    default: 0,
    description: 'Relative to the most likely token.',
  })
  @IfGiven()
  @IsNumber()
  @Min(0)
  @Max(1)
  readonly min_p?: number;

  @ApiPropertyOptional({ minimum: 0, exclusiveMinimum: true, maximum: 100, default: 1 })
  @IfGiven()
  @IsNumber()
  @Min(Number.MIN_VALUE, { message: 'repetition_penalty must be above 0' })
  @Max(100)
  readonly repetition_penalty?: number;

  @ApiPropertyOptional({ minimum: -2, maximum: 2, default: 0 })
  @IfGiven()
  @IsNumber()
  @Min(-2)
  @Max(2)
  readonly presence_penalty?: number;

  @ApiPropertyOptional({ minimum: -2, maximum: 2, default: 0 })
  @IfGiven()
  @IsNumber()
  @Min(-2)
  @Max(2)
  readonly frequency_penalty?: number;

  @ApiPropertyOptional({ description: 'The same seed and request give the same text.', example: 7 })
  @IfGiven()
  @IsInt()
  @Min(Number.MIN_SAFE_INTEGER)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly seed?: number;

  @ApiPropertyOptional({ description: 'The same text under any load, as with a seed.', default: false })
  @IfGiven()
  @IsBoolean()
  readonly reproducible?: boolean;
}

/** The same for a model. */
export function samplingOf(body: SamplingDto): SamplingParams & {
  readonly maxTokens: number;
  readonly stop?: readonly string[];
  readonly reproducible?: boolean;
} {
  return {
    maxTokens: body.max_tokens,
    temperature: body.temperature,
    ...(body.stop_sequences === undefined ? {} : { stop: body.stop_sequences }),
    ...(body.top_p === undefined ? {} : { topP: body.top_p }),
    ...(body.top_k === undefined ? {} : { topK: body.top_k }),
    ...(body.min_p === undefined ? {} : { minP: body.min_p }),
    ...(body.repetition_penalty === undefined ? {} : { repetitionPenalty: body.repetition_penalty }),
    ...(body.presence_penalty === undefined ? {} : { presencePenalty: body.presence_penalty }),
    ...(body.frequency_penalty === undefined ? {} : { frequencyPenalty: body.frequency_penalty }),
    ...(body.seed === undefined ? {} : { seed: body.seed }),
    ...(body.reproducible === undefined ? {} : { reproducible: body.reproducible }),
  };
}
