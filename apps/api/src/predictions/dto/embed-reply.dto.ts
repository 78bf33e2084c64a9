import { ApiProperty } from '@nestjs/swagger';

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
