import { Transform } from 'class-transformer';
import { BooleanField, ModelField, StringField } from '@aerie/fields';
import { SamplingDto } from './sampling.dto.js';

const LONGEST_PROMPT = 4096;

/** Body of generate, also as a job. */
export class GenerateBodyDto extends SamplingDto {
  @Transform(({ value }: { readonly value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @StringField({
    required: true,
    notBlank: true,
    min: 1,
    max: LONGEST_PROMPT,
    example: 'The capital of France is',
  })
  readonly prompt!: string;

  @ModelField('Default: CHAT_MODEL, else the default model of the task.')
  readonly model?: string;
}

/** Body of generate on its own route, where it may be streamed. */
export class StreamableGenerateBodyDto extends GenerateBodyDto {
  @BooleanField({ default: false, description: 'Server-sent events, like those of chat.' })
  readonly stream: boolean = false;
}
