import { AerieError } from '@aerie/contracts';

/** A parameter of OpenAI's API that this server does not support. */
export interface UnsupportedField {
  /** Whether the value has no effect. Null and an absent field never have one. */
  readonly harmless?: (value: unknown) => boolean;
}

/** Fields by name. */
export type UnsupportedFields = Readonly<Record<string, UnsupportedField>>;

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const isOneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);

/** Unsupported parameters that would change the meaning of a request for text. */
export const UNSUPPORTED_CHAT_FIELDS: UnsupportedFields = {
  tools: { harmless: isEmptyList },
  tool_choice: { harmless: isOneOf('none', 'auto') },
  functions: { harmless: isEmptyList },
  function_call: { harmless: isOneOf('none', 'auto') },
  response_format: { harmless: (value) => (value as { type?: unknown }).type === 'text' },
  modalities: {
    harmless: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
  },
  audio: {},
  prediction: {},
  web_search_options: {},
  reasoning_effort: { harmless: isOneOf('none') },
  verbosity: {},
  store: { harmless: isOneOf(false) },
  service_tier: { harmless: isOneOf('auto', 'default') },
  moderation: {},
};

export const UNSUPPORTED_COMPLETION_FIELDS: UnsupportedFields = {
  suffix: { harmless: isOneOf('') },
  echo: { harmless: isOneOf(false) },
  best_of: { harmless: isOneOf(1) },
};

/**
 * Refuses parameters that would be ignored.
 *
 * @throws AerieError UNSUPPORTED_PARAMETER naming the field.
 */
export function refuseUnsupported(body: object, fields: UnsupportedFields): void {
  for (const [field, value] of Object.entries(body)) {
    const rule = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (rule === undefined || value === null || value === undefined || rule.harmless?.(value) === true)
      continue;
    throw unsupported(field);
  }
}

/** The refusal of one parameter. */
export function unsupported(
  field: string,
  why = `The parameter ${field} is not supported by this server.`,
): AerieError {
  return new AerieError('UNSUPPORTED_PARAMETER', why, { details: [{ field, message: 'is not supported' }] });
}

/** Model and version of a request. */
export function modelOf(id: string): { readonly model: string; readonly version?: string } {
  const at = id.indexOf('@');
  return at <= 0 ? { model: id } : { model: id.slice(0, at), version: id.slice(at + 1) };
}
