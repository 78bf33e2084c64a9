import {
  type Bounds,
  type FieldError,
  type NamedSampling,
  SAMPLING_FIELDS,
  SAMPLING_ROWS,
  type SamplingField,
  fieldError,
  fieldProblems,
  validationError,
} from '@aerie/contracts';
import { z } from 'zod';
import type { ApiSchema } from '../http/content.js';

type RawIssue = z.core.$ZodRawIssue;

/** Names of zod's types in our error messages. */
const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/**
 * Reads a body.
 *
 * @throws AerieError VALIDATION_ERROR naming every invalid field, with the same wording as for our own bodies
 */
export function readFields<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body, { error: problemOf });
  if (parsed.success) return parsed.data;
  throw validationError(...parsed.error.issues.map(toFieldError));
}

/** The schema of a body or a reply, for the OpenAPI document. */
export function openApiSchema(schema: z.ZodType): ApiSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' }) as ApiSchema;
}

/** Null stands for "not given", as in OpenAI's API. */
export const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

/** An integer. One of more than 53 bits becomes the nearest double. */
export const integerField = (bounds: Bounds) =>
  bounded(
    z
      .number({
        // For other codes, {@link toFieldError} words the error.
        error: ({ code, input }: RawIssue) =>
          code === 'invalid_type' ? fieldProblems.type('an integer', input) : undefined,
      })
      .refine(Number.isInteger, {
        error: ({ input }) => fieldProblems.fraction(input as number),
        abort: true,
      }),
    bounds,
  ).meta({ type: 'integer' });

/** JSON Schema has no infinite bounds, so an absent bound adds no check. */
function bounded(number: z.ZodNumber, { min, max, above }: Bounds): z.ZodNumber {
  const checks = [
    ...(min === undefined ? [] : [z.gte(min)]),
    ...(above === undefined ? [] : [z.gt(above)]),
    ...(max === undefined ? [] : [z.lte(max)]),
  ];
  return number.check(...checks);
}

/** `name` or `name@version`. A model's name contains no @. */
export const modelField = z.string().min(1).max(194);

type Sampling = NamedSampling<'openai'>;
type Shared = Exclude<keyof Sampling, 'top_logprobs'>;

/** The sampling parameters under OpenAI's names. */
export const samplingShape = Object.fromEntries(
  SAMPLING_ROWS.filter(({ name }) => name !== 'topLogprobs').map((row) => [row.openai, schemaOf(row)]),
) as unknown as { readonly [Name in Shared]: z.ZodType<Sampling[Name] | undefined> };

/** How many alternatives are reported for each token of a chat. */
export const topLogprobs = optional(integerField(SAMPLING_FIELDS.topLogprobs));

function schemaOf(row: SamplingField): z.ZodType {
  switch (row.type) {
    case 'boolean':
      return optional(z.boolean().describe(row.description));
    case 'integer':
      return optional(
        integerField({ min: row.openaiMin ?? row.min, max: row.max }).describe(row.description),
      );
    case 'number':
      return optional(bounded(z.number(), row).describe(row.description));
    case 'strings': {
      const text = z.string().min(1);
      const texts = z.union([text, z.array(text).max(row.maxItems)]).describe(row.description);
      return optional(texts.transform((given) => (typeof given === 'string' ? [given] : given)));
    }
  }
}

function toFieldError({ path, message }: z.core.$ZodIssue): FieldError {
  return fieldError(path.join('.'), message);
}

/** The problem, in words that follow the name of the field. */
function problemOf(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return fieldProblems.type(EXPECTED[issue.expected] ?? issue.expected, issue.input);
    case 'invalid_value':
      return typeof issue.input === 'string'
        ? fieldProblems.choice(issue.input, issue.values)
        : fieldProblems.type('a string', issue.input);
    case 'too_small':
    case 'too_big':
      return sizeProblem(issue);
    case 'invalid_union':
      return unionProblem(issue);
    case 'invalid_key':
      return issue.issues[0]?.message;
    default:
      return undefined;
  }
}

function sizeProblem(
  issue: Extract<RawIssue, { readonly code: 'too_small' | 'too_big' }>,
): string | undefined {
  const limit = Number(issue.code === 'too_small' ? issue.minimum : issue.maximum);
  const bounds =
    issue.code === 'too_big' ? { max: limit } : issue.inclusive === false ? { above: limit } : { min: limit };
  const { input } = issue;
  if (typeof input === 'number') return fieldProblems.range(input, bounds);
  if (typeof input === 'string') return fieldProblems.length(input.length, bounds, 'characters');
  return Array.isArray(input) ? fieldProblems.length(input.length, bounds, 'items') : undefined;
}

/** The problem of the alternative that fits best. If no type is right, it lists all possible types. */
function unionProblem(issue: Extract<RawIssue, { readonly code: 'invalid_union' }>): string | undefined {
  const alternatives = issue.errors.map(([first]) => first).filter((first) => first !== undefined);
  const closest = alternatives.reduce((best, other) => (isFurther(other, best) ? other : best));
  if (closest.code !== 'invalid_type' || closest.path.length > 0) {
    const place = closest.path.map((part) => `.${String(part)}`).join('');
    return place === '' ? closest.message : `${place} ${closest.message}`;
  }
  const expected = alternatives.map((first) =>
    first.code === 'invalid_type' ? (EXPECTED[first.expected] ?? first.expected) : '',
  );
  return fieldProblems.type([...new Set(expected)].join(' or '), issue.input);
}

function isFurther(a: z.core.$ZodIssue, b: z.core.$ZodIssue): boolean {
  for (const [depth, part] of a.path.entries()) {
    const other = b.path[depth];
    if (other === undefined || (typeof part === 'number' && typeof other === 'number' && part > other))
      return true;
    if (part !== other) return false;
  }
  return a.path.length === b.path.length && b.code === 'invalid_type' && a.code !== 'invalid_type';
}
