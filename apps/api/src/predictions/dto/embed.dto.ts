import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, Length } from 'class-validator';
import { IsTexts } from './texts.validator.js';

/** Body of embed. */
export class EmbedBodyDto {
  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 256 }],
    description: 'One text, or up to 256 (MAX_EMBED_TEXTS). No text may be blank.',
    example: ['A cat sits on the mat.', 'A kitten is resting on a rug.'],
  })
  @IsTexts()
  readonly text!: string | string[];

  @ApiPropertyOptional({
    description: "Truncate texts that exceed the model's token limit instead of refusing them.",
    default: false,
  })
  @IsOptional()
  @IsBoolean()
  readonly truncate: boolean = false;

  @ApiPropertyOptional({
    description: 'Name of the model; default: the default model of the task.',
    example: 'minilm-l6-v2',
  })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  readonly model?: string;
}

/** Tokens that were run. */
export class EmbedUsageDto {
  @ApiProperty({ description: 'Includes special tokens.', example: 18 })
  readonly tokens!: number;
}

/** Reply to embed. */
export class EmbedReplyDto {
  @ApiProperty({
    type: 'array',
    items: { type: 'array', items: { type: 'number' } },
    description: 'One vector per text, in order.',
    example: [[0.0183, -0.0421, 0.0067]],
  })
  readonly embeddings!: readonly (readonly number[])[];

  @ApiProperty({ example: 384 })
  readonly dimensions!: number;

  @ApiProperty({ example: 'minilm-l6-v2' })
  readonly model!: string;

  @ApiProperty({ example: '1' })
  readonly model_version!: string;

  @ApiProperty({ type: EmbedUsageDto })
  readonly usage!: EmbedUsageDto;

  @ApiProperty({ example: 6.1 })
  readonly inference_time_ms!: number;
}
