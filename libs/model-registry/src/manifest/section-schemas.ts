import { z } from 'zod';

/** The forms that a section may have; most have one. */
export function formsOf(schema: z.ZodType): readonly z.ZodType[] {
  return schema instanceof z.ZodUnion ? (schema.options as readonly z.ZodType[]) : [schema];
}

/**
 * The form that the fields are meant for, so that all problems are of one form: the last whose required fields are all
 * given, else the first.
 */
export function formFor(schema: z.ZodType, fields: Readonly<Record<string, unknown>>): z.ZodType {
  const forms = formsOf(schema);
  const given = forms.filter((form) => requiredFields(form).every((field) => field in fields));
  return given.at(-1) ?? forms[0] ?? schema;
}

function requiredFields(form: z.ZodType): readonly string[] {
  if (!(form instanceof z.ZodObject)) return [];
  const shape = form.shape as Readonly<Record<string, z.ZodType>>;
  return Object.entries(shape)
    .filter(([, field]) => !field.safeParse(undefined).success)
    .map(([name]) => name);
}
