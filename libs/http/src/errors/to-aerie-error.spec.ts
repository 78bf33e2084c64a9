import { AerieError } from '@aerie/contracts';
import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { toAerieError } from './to-aerie-error.js';

const fromExpress = (status: number, expose: boolean): Error =>
  Object.assign(new Error('detail'), { status, expose });

describe('a thrown value', () => {
  it('is returned unchanged if it is an AerieError', () => {
    const error = new AerieError('CONFLICT', 'no');
    expect(toAerieError(error)).toBe(error);
  });

  it.each([
    [400, 'INVALID_INPUT'],
    [401, 'UNAUTHORIZED'],
    [403, 'FORBIDDEN'],
    [404, 'NOT_FOUND'],
    [408, 'REQUEST_TIMEOUT'],
    [413, 'PAYLOAD_TOO_LARGE'],
    [415, 'UNSUPPORTED_MEDIA_TYPE'],
    [422, 'VALIDATION_ERROR'],
    [429, 'RATE_LIMITED'],
    [416, 'INVALID_INPUT'],
  ])('has the code of its status: %d is %s', (status, code) => {
    expect(toAerieError(new HttpException('detail', status)).code).toBe(code);
    expect(toAerieError(fromExpress(status, true)).code).toBe(code);
  });

  it('says that a path cannot be decoded', () => {
    const error = Object.assign(new URIError('URI malformed'), { status: 400 });
    expect(toAerieError(error)).toMatchObject({
      code: 'INVALID_INPUT',
      message: 'The path is not valid percent-encoding.',
    });
  });

  it.each([
    ['an error', new Error('/etc/secret')],
    ['an error that is not for callers', fromExpress(400, false)],
    ['a failure of the framework', new HttpException('/etc/secret', 500)],
    ['nothing', undefined],
    ['null', null],
    ['text', '/etc/secret'],
  ])('reveals only that the server failed if it is %s', (_, thrown) => {
    const error = toAerieError(thrown);
    expect(error).toMatchObject({ code: 'INTERNAL', status: 500 });
    expect(error.cause).toBe(thrown);
    expect(JSON.stringify(error)).not.toMatch(/secret|detail/);
  });
});
