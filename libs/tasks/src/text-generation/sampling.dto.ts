import { type NamedSampling, SAMPLING_FIELDS, SAMPLING_ROWS } from '@aerie/contracts';
import { BooleanField, IntegerField, NumberField, StringsField } from '@aerie/fields';

type Row = (typeof SAMPLING_ROWS)[number];

/** Fields that a parsed body always has, because they have defaults. */
class SamplingDefaults {
  readonly max_tokens: number = SAMPLING_FIELDS.maxTokens.restDefault;
  readonly temperature: number = SAMPLING_FIELDS.temperature.restDefault;
}

for (const row of SAMPLING_ROWS) {
  if (row.rest !== null) fieldOf(row)(SamplingDefaults.prototype, row.rest);
}

/**
 * How text is chosen, and where it ends: the fields of the table of sampling, under their REST names. Bodies of tasks
 * with text extend it.
 */
export const SamplingDto: new () => NamedSampling<'rest'> & SamplingDefaults = SamplingDefaults;

function fieldOf(row: Row): PropertyDecorator {
  const { description } = row;
  const standard = row.restDefault ?? row.neutral;
  const docs = { description, ...(standard === undefined ? {} : { default: standard }) };
  switch (row.type) {
    case 'boolean':
      return BooleanField(docs);
    case 'strings':
      return StringsField({ ...docs, max: row.maxItems, itemMax: row.restItemMax });
    case 'integer':
      return IntegerField({ ...docs, min: row.min, above: row.above, max: row.restMax ?? row.max });
    case 'number':
      return NumberField({ ...docs, min: row.min, above: row.above, max: row.restMax ?? row.max });
  }
}
