import { type FieldError, fieldError, fieldProblems, validationError } from '@aerie/contracts';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import { objectCheck } from './checks.js';
import { FIELD_RULE, TEXT_SOURCE } from './field.decorators.js';

/** Where values come from: JSON has types, forms and queries have text. */
export type FieldSource = 'json' | 'text';

/**
 * A body, query or stored input as its DTO has it, with defaults. Unknown fields are refused.
 *
 * @throws AerieError VALIDATION_ERROR naming every field at fault
 */
export function readDto<T extends object>(dto: new () => T, value: unknown, source: FieldSource = 'json'): T {
  const problem = objectCheck(value);
  if (problem !== undefined) throw validationError(fieldError('body', problem));
  const instance = plainToInstance(dto, value, source === 'text' ? { groups: [TEXT_SOURCE] } : {});
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
  });
  if (errors.length > 0) throw validationError(...errors.flatMap((error) => fieldErrors(error, '')));
  // Last, because only a body whose other fields are valid is sure to be small enough.
  const inherited = inheritedNames(value as object).map((name) => fieldError(name, fieldProblems.unknown));
  if (inherited.length > 0) throw validationError(...inherited);
  return instance;
}

function fieldErrors({ property, constraints, children }: ValidationError, prefix: string): FieldError[] {
  const name = prefix + property;
  const own = constraints?.[FIELD_RULE];
  if (own !== undefined) return [fieldError(name, own)];
  if (constraints?.whitelistValidation !== undefined) return [fieldError(name, fieldProblems.unknown)];
  const others = Object.values(constraints ?? {}).map((message) => ({ field: name, message }));
  return [...others, ...(children ?? []).flatMap((child) => fieldErrors(child, `${name}.`))];
}

/** Paths of the fields with a name that every object has, such as `constructor`. The transformer would drop them. */
function inheritedNames(body: object): string[] {
  const found: string[] = [];
  const open: (readonly [prefix: string, value: object])[] = [['', body]];
  for (const [prefix, value] of open) {
    for (const [name, inner] of Object.entries(value) as [string, unknown][]) {
      if (name in Object.prototype) found.push(prefix + name);
      else if (typeof inner === 'object' && inner !== null) open.push([`${prefix}${name}.`, inner]);
    }
  }
  return found;
}
