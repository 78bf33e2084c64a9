import { AerieError, type FieldError } from './aerie.error.js';
import { shorten } from './shorten.js';

/** Maximum number of fields that one error names. */
const MAX_DETAILS = 20;
/** Maximum length of a field's path. */
const MAX_FIELD = 128;

/**
 * The error for a request with an invalid shape or invalid fields.
 *
 * @param issues each message is a sentence of its own and names its field: `top_k must be an integer, got a string`
 */
export function validationError(...issues: readonly FieldError[]): AerieError {
  const details = issues.slice(0, MAX_DETAILS);
  const summary = [...new Set(details.map(({ message }) => message))].join('; ');
  return new AerieError('VALIDATION_ERROR', `The request is not valid: ${summary}.`, { details });
}

/**
 * A field error whose message begins with the name of the field. A long name is cut.
 *
 * @param problem for an item of a list, it begins with the item's index: `.1 must be a string, got a number`
 */
export function fieldError(field: string, problem: string): FieldError {
  const name = shorten(field, MAX_FIELD);
  return { field: name, message: `${name}${problem.startsWith('.') ? '' : ' '}${problem}` };
}

/** The type of a JSON value, as error messages name it. */
export function typeNameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'object':
      return 'an object';
    case 'boolean':
    case 'number':
    case 'string':
      return `a ${typeof value}`;
    default:
      return typeof value;
  }
}
