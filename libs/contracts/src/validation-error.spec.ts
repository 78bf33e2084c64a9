import { describe, expect, it } from '@jest/globals';
import { fieldProblems } from './field-problems.js';
import { fieldError, validationError } from './validation-error.js';

const LONG = 'k'.repeat(400_000);

describe('an error for fields', () => {
  it('repeats short names unchanged', () => {
    expect(fieldError('messages.0.role', 'is required')).toEqual({
      field: 'messages.0.role',
      message: 'messages.0.role is required',
    });
  });

  it('cuts long names and values', () => {
    const details = Array.from({ length: 30 }, (_, index) =>
      fieldError(`${index}${LONG}`, fieldProblems.unknown),
    );
    const error = validationError(...details, fieldError('task', fieldProblems.choice(LONG, ['a'])));
    expect(error.details?.[0]?.field).toMatch(/^0k{124}\.\.\.$/);
    expect(JSON.stringify(error).length).toBeLessThan(10_000);
    expect(fieldProblems.choice(LONG, ['a'])).toBe(`must be one of a, got "${'k'.repeat(29)}..."`);
  });
});
