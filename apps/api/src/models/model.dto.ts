import { ApiProperty } from '@nestjs/swagger';

/** An input or output of a model. */
export class TensorDto {
  @ApiProperty({ example: 'image' })
  readonly name!: string;

  @ApiProperty({ example: 'float32' })
  readonly datatype!: string;

  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ type: 'integer' }, { type: 'string' }] },
    description: 'A dynamic dimension is its symbolic name, or -1.',
    example: ['batch', 3, 224, 224],
  })
  readonly shape!: readonly (number | string)[];
}

/** One version of a model. */
export class ModelVersionDto {
  @ApiProperty({ example: '2' })
  readonly version!: string;

  @ApiProperty({ type: 'string', nullable: true })
  readonly description!: string | null;

  @ApiProperty({ enum: ['unloaded', 'loading', 'ready', 'failed', 'unloading'], example: 'ready' })
  readonly state!: string;

  @ApiProperty({ enum: ['eager', 'lazy'], example: 'eager' })
  readonly load!: string;

  @ApiProperty({ type: [TensorDto], nullable: true, description: 'Null until the version has been loaded once.' })
  readonly inputs!: readonly TensorDto[] | null;

  @ApiProperty({ type: [TensorDto], nullable: true })
  readonly outputs!: readonly TensorDto[] | null;

  @ApiProperty({ type: 'string', nullable: true, example: 'cpu' })
  readonly provider!: string | null;

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } })
  readonly replicas!: readonly unknown[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Why the last load failed.' })
  readonly error!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  readonly loaded_at!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Time in each stage, and batch sizes.' })
  readonly statistics!: unknown;
}

/** A model, its versions and their state. */
export class ModelDto {
  @ApiProperty({ example: 'efficientnet-lite0' })
  readonly name!: string;

  @ApiProperty({ example: 'image-classification' })
  readonly task!: string;

  @ApiProperty({ type: 'string', nullable: true })
  readonly description!: string | null;

  @ApiProperty({ description: 'Whether the model serves requests that name no model.' })
  readonly default_for_task!: boolean;

  @ApiProperty({ example: '2' })
  readonly default_version!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { stable: '2' } })
  readonly aliases!: Readonly<Record<string, string>>;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: { type: 'number' },
    description: 'Weights of the traffic split, by version.',
    example: { '1': 10, '2': 90 },
  })
  readonly traffic!: Readonly<Record<string, number>> | null;

  @ApiProperty({ type: [String], nullable: true, description: 'Class names in output order.' })
  readonly labels!: readonly string[] | null;

  @ApiProperty({ type: 'string', nullable: true })
  readonly source!: string | null;

  @ApiProperty({ type: 'string', nullable: true, example: 'Apache-2.0' })
  readonly license!: string | null;

  @ApiProperty({ type: [ModelVersionDto] })
  readonly versions!: readonly ModelVersionDto[];
}

/** A folder of the repository that cannot be served. */
export class UnusableModelDto {
  @ApiProperty({ description: "The folder's name.", example: 'lost+found' })
  readonly name!: string;

  @ApiProperty({ example: 'the folder cannot be read (EACCES)' })
  readonly reason!: string;
}

/** Every model. */
export class ModelListDto {
  @ApiProperty({ type: [ModelDto] })
  readonly models!: readonly ModelDto[];

  @ApiProperty({ type: [UnusableModelDto], description: 'Folders of the repository that cannot be served.' })
  readonly unusable!: readonly UnusableModelDto[];
}
