import { describe, expect, it } from '@jest/globals';
import { StringField } from '@aerie/fields';
import { RequestValidationPipe } from './request-validation.pipe.js';

class OptionalQuery {
  @StringField({})
  readonly model?: string;
}

class RequiredQuery {
  @StringField({ required: true })
  readonly name!: string;
}

describe('RequestValidationPipe', () => {
  const pipe = new RequestValidationPipe();

  it('validates an empty query once for each DTO', () => {
    const first = pipe.transform({}, { type: 'query', metatype: OptionalQuery });
    const second = pipe.transform(Object.create(null), { type: 'query', metatype: OptionalQuery });
    expect(first).toBeInstanceOf(OptionalQuery);
    expect(second).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  it('refuses an empty query every time if a parameter is required', () => {
    const refused = { code: 'VALIDATION_ERROR', details: [{ field: 'name', message: 'name is required' }] };
    for (let i = 0; i < 2; i++) {
      const query = () => pipe.transform({}, { type: 'query', metatype: RequiredQuery });
      expect(query).toThrow(expect.objectContaining(refused));
    }
  });

  it('does not treat an empty body as an empty query', () => {
    const first = pipe.transform({}, { type: 'body', metatype: OptionalQuery });
    const second = pipe.transform({}, { type: 'body', metatype: OptionalQuery });
    expect(second).not.toBe(first);
  });
});
