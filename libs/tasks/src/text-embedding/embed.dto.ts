import { BooleanField, ModelField } from '@aerie/fields';
import { TextsField } from '../text/text-field.js';

/** Body of embed. */
export class EmbedBodyDto {
  @TextsField(['A cat sits on the mat.', 'A kitten is resting on a rug.'])
  readonly text!: string | string[];

  @BooleanField({
    default: false,
    description: "Truncate texts that exceed the model's token limit instead of refusing them.",
  })
  readonly truncate: boolean = false;

  @ModelField(undefined, 'minilm-l6-v2')
  readonly model?: string;
}
