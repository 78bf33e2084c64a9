import { DocumentedField } from '@aerie/fields';

/** Tokens that were run. */
export class EmbedUsageDto {
  @DocumentedField({ description: 'Includes special tokens.', example: 18 })
  readonly tokens!: number;
}

/** Reply to embed. */
export class EmbedReplyDto {
  @DocumentedField({
    type: 'array',
    items: { type: 'array', items: { type: 'number' } },
    description: 'One vector per text, in order.',
    example: [[0.0183, -0.0421, 0.0067]],
  })
  readonly embeddings!: readonly (readonly number[])[];

  @DocumentedField({ example: 384 })
  readonly dimensions!: number;

  @DocumentedField({ example: 'minilm-l6-v2' })
  readonly model!: string;

  @DocumentedField({ example: '1' })
  readonly model_version!: string;

  @DocumentedField({ type: EmbedUsageDto })
  readonly usage!: EmbedUsageDto;

  @DocumentedField({ example: 6.1 })
  readonly inference_time_ms!: number;
}
