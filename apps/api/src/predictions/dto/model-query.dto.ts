import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Length } from 'class-validator';

/** Which model and version a caller wants. */
export class ModelQueryDto {
  @ApiPropertyOptional({
    description: 'Name of the model; default: the default model of the task.',
    example: 'efficientnet-lite0',
  })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  readonly model?: string;

  @ApiPropertyOptional({
    description:
      "Version (`2`, `v2`) or alias; overrides a traffic split. Default: chosen by the split, or the model's default version.",
    example: '2',
  })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  readonly model_version?: string;
}
