import { describe, expect, it } from '@jest/globals';
import { IsOptional, IsString } from 'class-validator';
import { RequestValidationPipe } from './request-validation.pipe.js';

class OptionalQuery {
  @IsOptional()
  @IsString()
  readonly model?: string;
}

class RequiredQuery {
  @IsString()
  readonly name!: string;
}

describe('RequestValidationPipe', () => {
  const pipe = new RequestValidationPipe();

  it('validates an empty query once for each DTO', async () => {
    const first = await pipe.transform({}, { type: 'query', metatype: OptionalQuery });
    const second = await pipe.transform(Object.create(null), { type: 'query', metatype: OptionalQuery });
    expect(first).toBeInstanceOf(OptionalQuery);
    expect(second).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  it('refuses an empty query every time where a parameter is required', async () => {
    const refused = { code: 'VALIDATION_ERROR', details: [{ field: 'name' }] };
    for (let i = 0; i < 2; i++) {
      const query = pipe.transform({}, { type: 'query', metatype: RequiredQuery });
      await expect(query).rejects.toMatchObject(refused);
    }
  });

  it('does not take an empty body for an empty query', async () => {
    const first = await pipe.transform({}, { type: 'body', metatype: OptionalQuery });
    const second = await pipe.transform({}, { type: 'body', metatype: OptionalQuery });
    expect(second).not.toBe(first);
  });
});
