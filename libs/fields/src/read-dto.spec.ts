import { AerieError } from '@aerie/contracts';
import { describe, expect, it } from '@jest/globals';
import { IntegerField, ObjectField, ObjectsField } from './field.decorators.js';
import { readDto } from './read-dto.js';

class InnerDto {
  @IntegerField({})
  readonly count?: number;
}

class OuterDto {
  @ObjectField(InnerDto, {})
  readonly inner?: InnerDto;

  @ObjectsField(InnerDto, {})
  readonly list?: readonly InnerDto[];
}

function refusedFields(json: string): readonly string[] {
  try {
    readDto(OuterDto, JSON.parse(json));
  } catch (error) {
    if (error instanceof AerieError) return (error.details ?? []).map(({ message }) => message);
    throw error;
  }
  return [];
}

describe('a body', () => {
  it('may have the fields of its DTO', () => {
    expect(refusedFields('{ "inner": { "count": 1 }, "list": [{ "count": 2 }] }')).toEqual([]);
  });

  it.each(['unknown', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'status'])(
    'is refused with the unknown field %s, at any depth',
    (name) => {
      expect(refusedFields(`{ "${name}": {} }`)).toEqual([`${name} is not a known field`]);
      expect(refusedFields(`{ "inner": { "${name}": 1 } }`)).toEqual([`inner.${name} is not a known field`]);
      expect(refusedFields(`{ "list": [{}, { "${name}": 1 }] }`)).toEqual([
        `list.1.${name} is not a known field`,
      ]);
    },
  );
});
