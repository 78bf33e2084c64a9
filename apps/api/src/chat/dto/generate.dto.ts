import type { GenerationRequest } from '@aerie/inference';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsNotEmpty, IsString, Length, MaxLength } from 'class-validator';
import { IfGiven, SamplingDto, samplingOf } from './sampling.dto.js';

/** Body of generate. */
export class GenerateBodyDto extends SamplingDto {
  @ApiProperty({ minLength: 1, maxLength: 4096, example: 'The capital of France is' })
  @Transform(({ value }: { readonly value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  @IsNotEmpty({ message: 'prompt must not be blank' })
  @MaxLength(4096)
  readonly prompt!: string;

  @ApiPropertyOptional({ default: false, description: 'Server-sent events, like those of chat.' })
  @IsBoolean()
  readonly stream: boolean = false;

  @ApiPropertyOptional({ description: 'Default: CHAT_MODEL, else the default model of the task.' })
  @IfGiven()
  @IsString()
  @Length(1, 128)
  readonly model?: string;
}

/** The same for a model. */
export function generateRequestOf(body: GenerateBodyDto): GenerationRequest {
  return { kind: 'text', prompt: body.prompt, ...samplingOf(body) };
}
