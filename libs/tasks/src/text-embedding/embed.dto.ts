import { fieldProblems } from '@aerie/contracts';
import { BooleanField, Field, ModelField } from '@aerie/fields';

/** Body of embed. */
export class EmbedBodyDto {
  @Field(
    checkTexts,
    { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 256 }] },
    {
      required: true,
      description: 'One text, or up to 256 (MAX_EMBED_TEXTS). No text may be blank.',
      example: ['A cat sits on the mat.', 'A kitten is resting on a rug.'],
    },
  )
  readonly text!: string | string[];

  @BooleanField({
    default: false,
    description: "Truncate texts that exceed the model's token limit instead of refusing them.",
  })
  readonly truncate: boolean = false;

  @ModelField(undefined, 'minilm-l6-v2')
  readonly model?: string;
}

function checkTexts(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? 'must not be blank' : undefined;
  if (!Array.isArray(value)) return fieldProblems.type('a string or a list of strings', value);
  if (value.length === 0) return fieldProblems.length(0, { min: 1 }, 'items');
  for (const [index, text] of value.entries()) {
    if (typeof text !== 'string') return `.${index} ${fieldProblems.type('a string', text)}`;
    if (text.trim() === '') return `.${index} must not be blank`;
  }
  return undefined;
}
