import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { JOB_EVENT_TYPES, type JobEventType } from '@aerie/queue';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';

const DAY_S = 86_400;

/** Where a job's events are sent. */
export class WebhookDto {
  @ApiProperty({ example: 'https://example.com/hooks/aerie' })
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false })
  @MaxLength(2048)
  readonly url!: string;

  @ApiPropertyOptional({
    description:
      'Signs the deliveries (Standard Webhooks): `whsec_` followed by base64, or any text. Default: WEBHOOK_SECRET.',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  })
  @IsOptional()
  @IsString()
  @MinLength(8)
  @MaxLength(256)
  readonly secret?: string;

  @ApiPropertyOptional({
    enum: JOB_EVENT_TYPES,
    isArray: true,
    description: 'Events to send. Default: the final events.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(JOB_EVENT_TYPES.length)
  @IsIn(JOB_EVENT_TYPES, { each: true })
  readonly events?: readonly JobEventType[];
}

/** How a job is to be run, beside the body of its task. */
export class JobOptionsDto {
  @ApiPropertyOptional({ description: 'Name of the model; default: the default model of the task.' })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  readonly model?: string;

  @ApiPropertyOptional({
    description: 'Version (`2`, `v2`) or alias, like the query parameter model_version.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  readonly version?: string;

  @ApiPropertyOptional({ minimum: 0, maximum: 100, default: 0, description: 'Higher goes first.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(100)
  readonly priority: number = 0;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 30 * DAY_S,
    default: 0,
    description: 'Seconds before the job may run.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(30 * DAY_S)
  readonly delay: number = 0;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: 20,
    default: 3,
    description: 'Maximum number of attempts, with exponential backoff; only retryable errors are retried.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(20)
  readonly attempts: number = 3;

  @ApiPropertyOptional({
    minimum: 0.1,
    maximum: 30 * DAY_S,
    description: 'Seconds within which the job must start, or it fails with TIMEOUT.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsNumber()
  @Min(0.1)
  @Max(30 * DAY_S)
  readonly ttl?: number;

  @ApiPropertyOptional({ type: WebhookDto })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? fromForm(value) : value))
  @Type(() => WebhookDto)
  @ValidateNested()
  readonly webhook?: WebhookDto;
}

/** A form's field holds JSON. */
function fromForm(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
