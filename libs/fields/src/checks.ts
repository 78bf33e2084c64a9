import { type Bounds, fieldProblems } from '@aerie/contracts';

/** Returns the problem of a value, in words that follow the name of its field; undefined if there is none. */
export type FieldCheck = (value: unknown) => string | undefined;

export function numberCheck(kind: 'number' | 'integer', bounds: Bounds): FieldCheck {
  const expected = kind === 'integer' ? 'an integer' : 'a number';
  return (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return fieldProblems.type(expected, value);
    if (kind === 'integer' && !Number.isInteger(value)) return fieldProblems.fraction(value);
    return fieldProblems.range(value, bounds);
  };
}

export const booleanCheck: FieldCheck = (value) =>
  typeof value === 'boolean' ? undefined : fieldProblems.type('true or false', value);

/** Rules for a string. */
export interface StringRules extends Bounds {
  readonly notBlank?: boolean | undefined;
  /** Returns the problem of a string with a valid length. */
  readonly check?: ((text: string) => string | undefined) | undefined;
}

export function stringCheck({ notBlank = false, check, ...bounds }: StringRules): FieldCheck {
  return (value) => {
    if (typeof value !== 'string') return fieldProblems.type('a string', value);
    if (notBlank && value.trim() === '') return 'must not be blank';
    return fieldProblems.length(value.length, bounds, 'characters') ?? check?.(value);
  };
}

export function choiceCheck(choices: readonly string[]): FieldCheck {
  return (value) => {
    if (typeof value !== 'string') return fieldProblems.type('a string', value);
    return choices.includes(value) ? undefined : fieldProblems.choice(value, choices);
  };
}

/** @param expected such as `a list of strings` */
export function listCheck(expected: string, item: FieldCheck, bounds: Bounds): FieldCheck {
  return (value) => {
    if (!Array.isArray(value)) return fieldProblems.type(expected, value);
    const problem = fieldProblems.length(value.length, bounds, 'items');
    if (problem !== undefined) return problem;
    for (const [index, element] of value.entries()) {
      const found = item(element);
      if (found !== undefined) return `.${index} ${found}`;
    }
    return undefined;
  };
}

export const objectCheck: FieldCheck = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? undefined
    : fieldProblems.type('an object', value);
