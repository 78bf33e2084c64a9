import { ModelField } from '@aerie/fields';
import { TextsField, TruncateField } from '../text/text-field.js';

/** Body of embed. */
export class EmbedBodyDto {
  @TextsField(['A cat sits on the mat.', 'A kitten is resting on a rug.'])
  readonly text!: string | string[];

  @TruncateField()
  readonly truncate: boolean = false;

  @ModelField(undefined, 'minilm-l6-v2')
  readonly model?: string;
}
