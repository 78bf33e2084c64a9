import { registerDecorator, type ValidationArguments } from 'class-validator';

/** A text that is not blank, or a list of them with at least one. The number of texts is checked against the settings. */
export function IsTexts(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isTexts',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => problemOf(value) === undefined,
        defaultMessage: (args?: ValidationArguments) => `${String(property)} ${problemOf(args?.value) ?? ''}`,
      },
    });
  };
}

function problemOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? 'must not be blank' : undefined;
  if (!Array.isArray(value)) return 'must be a text or a list of texts';
  if (value.length === 0) return 'must hold at least one text';
  const index = value.findIndex((text) => typeof text !== 'string' || text.trim() === '');
  if (index < 0) return undefined;
  return `must hold texts that are not blank (see index ${String(index)})`;
}
