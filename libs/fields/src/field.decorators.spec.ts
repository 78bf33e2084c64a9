import { describe, expect, it } from '@jest/globals';
import { IntegerField, NumberField } from './field.decorators.js';
import { readDto } from './read-dto.js';

class SampleDto {
  @IntegerField({})
  readonly count?: number;

  @NumberField({})
  readonly weight?: number;
}

describe('a number in a form or a query', () => {
  it.each([
    ['5', 5],
    ['-5', -5],
    ['+5', 5],
    [' 5 ', 5],
    ['05', 5],
    ['5.0', 5],
    ['5e1', 50],
  ])('may be "%s"', (count, value) => {
    expect(readDto(SampleDto, { count }, 'text')).toEqual({ count: value });
  });

  it.each(['.5', '5e-1', '0.5'])('may have a fraction: "%s"', (weight) => {
    expect(readDto(SampleDto, { weight }, 'text')).toEqual({ weight: 0.5 });
  });

  it.each(['0x5', '0b1', '0o7', 'Infinity', '1e999', '', ' ', '1_000', '5 5', '.', 'x'])(
    'is decimal, not "%s"',
    (count) => {
      expect(() => readDto(SampleDto, { count }, 'text')).toThrow('count must be an integer, got a string');
    },
  );
});
