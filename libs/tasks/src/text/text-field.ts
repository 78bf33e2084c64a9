import { fieldError, fieldProblems, validationError } from '@aerie/contracts';
import { BooleanField, Field } from '@aerie/fields';
import type { BodyLimits } from '../rest-route.js';

/** The field `text` of bodies: one text or several. */
export const TextsField = (example: string | readonly string[]): PropertyDecorator =>
  Field(
    checkTexts,
    { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 256 }] },
    {
      required: true,
      description: 'One text, or up to 256 (MAX_EMBED_TEXTS). No text may be blank.',
      example,
    },
  );

/** The field `truncate` of bodies. */
export const TruncateField = (): PropertyDecorator =>
  BooleanField({
    default: false,
    description: "Truncate texts that exceed the model's token limit instead of refusing them.",
  });

/**
 * The texts of a body.
 *
 * @throws AerieError VALIDATION_ERROR beyond the limit on their number
 */
export function textsOf(text: string | readonly string[], { maxTexts }: BodyLimits): readonly string[] {
  const texts = typeof text === 'string' ? [text] : text;
  if (texts.length <= maxTexts) return texts;
  const problem = `must have at most ${maxTexts} items (MAX_EMBED_TEXTS), got ${texts.length}`;
  throw validationError(fieldError('text', problem));
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
