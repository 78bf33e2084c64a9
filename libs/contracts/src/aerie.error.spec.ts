import { describe, expect, it } from '@jest/globals';
import { AerieError } from './aerie.error.js';
import { ERROR_TABLE, type ErrorCode } from './error-table.js';

describe('an AerieError', () => {
  it.each(Object.keys(ERROR_TABLE) as ErrorCode[])('of %s has the status of the table', (code) => {
    const { status, retryable } = ERROR_TABLE[code];
    expect(new AerieError(code, 'why')).toMatchObject({
      name: 'AerieError',
      code,
      message: 'why',
      status,
      retryable,
    });
  });

  it('keeps its cause, and has none if none was given', () => {
    const cause = new Error('deeper');
    expect(new AerieError('INTERNAL', 'why', { cause }).cause).toBe(cause);
    expect('cause' in new AerieError('INTERNAL', 'why')).toBe(false);
  });

  it('survives JSON unchanged', () => {
    const error = new AerieError('VALIDATION_ERROR', 'top_k is wrong', {
      details: [{ field: 'top_k', message: 'must be at least 1' }],
      retryAfterMs: 1500,
    });
    const copy = AerieError.from(JSON.parse(JSON.stringify(error)) as ReturnType<AerieError['toJSON']>);
    expect(copy).toBeInstanceOf(AerieError);
    expect(copy.toJSON()).toEqual(error.toJSON());
    expect(copy.toJSON()).toEqual({
      code: 'VALIDATION_ERROR',
      message: 'top_k is wrong',
      details: [{ field: 'top_k', message: 'must be at least 1' }],
      retryAfterMs: 1500,
    });
  });

  it('crosses a thread as plain data, without keys for missing properties', () => {
    const plain = new AerieError('TIMEOUT', 'late').toJSON();
    expect(Object.keys(plain)).toEqual(['code', 'message']);
    expect(AerieError.from(structuredClone(plain))).toMatchObject({
      details: undefined,
      retryAfterMs: undefined,
    });
  });

  it('serializes neither its cause nor its stack', () => {
    const error = new AerieError('INTERNAL', 'why', { cause: new Error('/etc/secret') });
    expect(JSON.stringify(error)).toBe('{"code":"INTERNAL","message":"why"}');
  });
});
