import type { Bounds } from '@aerie/contracts';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ValidateIf, ValidateNested, type ValidationArguments, registerDecorator } from 'class-validator';
import {
  type FieldCheck,
  type StringRules,
  booleanCheck,
  choiceCheck,
  listCheck,
  numberCheck,
  objectCheck,
  stringCheck,
} from './checks.js';

/** Name of the constraint that these decorators report. */
export const FIELD_RULE = 'field';
/** Group of class-transformer in which values are read from text: forms and queries. */
export const TEXT_SOURCE = 'text';

/** Documentation of a field. */
export interface FieldDocs {
  /** Default: false, the field may be absent. Null is never the same as absent. */
  readonly required?: boolean;
  readonly default?: unknown;
  readonly description?: string;
  readonly example?: unknown;
}

/** JavaScript's Number also reads hexadecimal, octal and binary. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Forms and queries contain text. Text that does not have the expected type stays unchanged and is refused by its type. */
const fromText = {
  number: (text: unknown): unknown => {
    if (typeof text !== 'string' || !DECIMAL.test(text.trim())) return text;
    const value = Number(text);
    return Number.isFinite(value) ? value : text;
  },

  boolean: (text: unknown): unknown => {
    if (text === 'true') return true;
    return text === 'false' ? false : text;
  },

  /** A field of a form that holds an object contains JSON. */
  json: (text: unknown): unknown => {
    if (typeof text !== 'string') return text;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  },
} as const;

type Length = Omit<Bounds, 'above'>;
type Schema = Readonly<Record<string, unknown>>;
type Constructor = new () => object;

/** A field of a DTO: how it is checked, documented, and read from text. */
export function Field(
  check: FieldCheck,
  schema: Schema,
  { required = false, ...docs }: FieldDocs,
  read?: (text: unknown) => unknown,
): PropertyDecorator {
  return (target, key) => {
    const propertyName = String(key);
    ApiProperty({ ...schema, ...docs, required })(target, key);
    if (!required) ValidateIf((_, value: unknown) => value !== undefined)(target, propertyName);
    if (read !== undefined) {
      Transform(({ value }: { readonly value: unknown }) => read(value), { groups: [TEXT_SOURCE] })(
        target,
        key,
      );
    }
    registerDecorator({
      name: FIELD_RULE,
      target: target.constructor,
      propertyName,
      validator: {
        validate: (value: unknown) => check(value) === undefined,
        defaultMessage: (args?: ValidationArguments) => check(args?.value) ?? '',
      },
    });
  };
}

/** A whole number. */
export const IntegerField = (options: Bounds & FieldDocs): PropertyDecorator => numeric('integer', options);

/** A finite number. */
export const NumberField = (options: Bounds & FieldDocs): PropertyDecorator => numeric('number', options);

function numeric(
  type: 'number' | 'integer',
  { min, max, above, ...docs }: Bounds & FieldDocs,
): PropertyDecorator {
  const exclusive = above === undefined ? {} : { exclusiveMinimum: true };
  const schema = { type, minimum: above ?? min, maximum: max, ...exclusive };
  return Field(numberCheck(type, { min, max, above }), schema, docs, fromText.number);
}

/** True or false. */
export const BooleanField = (docs: FieldDocs): PropertyDecorator =>
  Field(booleanCheck, { type: 'boolean' }, docs, fromText.boolean);

/** A string; `min` and `max` count UTF-16 code units. */
export const StringField = ({ notBlank, check, min, max, ...docs }: StringRules & FieldDocs) =>
  Field(stringCheck({ notBlank, check, min, max }), { type: 'string', minLength: min, maxLength: max }, docs);

/** One of several words. */
export const ChoiceField = (choices: readonly string[], docs: FieldDocs): PropertyDecorator =>
  Field(choiceCheck(choices), { type: 'string', enum: [...choices] }, docs);

/** A list of nonempty strings. `itemMax` limits their length, `choices` their values. */
export function StringsField({
  min,
  max,
  itemMax,
  choices,
  ...docs
}: Length & FieldDocs & { readonly itemMax?: number; readonly choices?: readonly string[] }) {
  const item = choices === undefined ? stringCheck({ min: 1, max: itemMax }) : choiceCheck(choices);
  const items =
    choices === undefined
      ? { type: 'string', minLength: 1, maxLength: itemMax }
      : { type: 'string', enum: [...choices] };
  const schema = { type: 'array', items, minItems: min, maxItems: max };
  return Field(listCheck('a list of strings', item, { min, max }), schema, docs);
}

/** An object with its own DTO. In a form it is JSON. */
export const ObjectField =
  (dto: Constructor, docs: FieldDocs): PropertyDecorator =>
  (target, key) => {
    Field(objectCheck, { type: dto }, docs, fromText.json)(target, key);
    ValidateNested()(target, String(key));
    Type(() => dto)(target, key);
  };

/** A list of objects with their own DTO. */
export const ObjectsField =
  (dto: Constructor, { min, max, ...docs }: Length & FieldDocs): PropertyDecorator =>
  (target, key) => {
    const check = listCheck('a list of objects', objectCheck, { min, max });
    Field(check, { type: [dto], minItems: min, maxItems: max }, docs)(target, key);
    ValidateNested({ each: true })(target, String(key));
    Type(() => dto)(target, key);
  };

/** A field that is documented but not checked, of a reply or the file of a form. */
export const DocumentedField = (docs: ApiPropertyOptions = {}): PropertyDecorator => ApiProperty(docs);
