import { Readable } from 'node:stream';
import type { Settings } from '@aerie/config';
import type { AerieError } from '@aerie/contracts';
import { describe, expect, it } from '@jest/globals';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { of } from 'rxjs';
import { type BodyFormat, ReadsBody } from './body-format.decorator.js';
import { BodyInterceptor } from './body.interceptor.js';

const LIMIT = 4_000;
const SETTINGS = {
  http: { maxJsonBytes: LIMIT, maxPredictJsonBytes: LIMIT, maxJsonDepth: 4 },
  images: { maxBytes: LIMIT },
  jobs: { maxBatchBytes: LIMIT },
} as Settings;

const next: CallHandler = { handle: () => of(undefined) };

/** A request as Express provides it, with its body in one piece. */
async function read(format: BodyFormat, type: string, body: string | Buffer): Promise<Request> {
  const bytes = Buffer.from(body);
  const headers = { 'content-type': type, 'content-length': String(bytes.length) };
  const request = Object.assign(Readable.from([bytes], { objectMode: false }), {
    headers,
    is: (types: readonly string[]) => types.find((wanted) => type.startsWith(wanted)) ?? false,
  }) as unknown as Request;
  const handler = () => undefined;
  ReadsBody(format)(handler);
  const context = {
    getHandler: () => handler,
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => ({}) }),
  } as unknown as ExecutionContext;
  await new BodyInterceptor(new Reflector(), SETTINGS).intercept(context, next);
  return request;
}

const json = async (body: string | Buffer) => (await read('json', 'application/json', body)).body as unknown;
const lines = async (body: string | Buffer) =>
  (await read('batch', 'application/x-ndjson', body)).body as unknown;
const refusal = (reading: Promise<unknown>) =>
  reading.then(
    () => {
      throw new Error('The body was accepted.');
    },
    (error: unknown) => error as AerieError,
  );

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const LATIN1 = Buffer.from('{"text":"caf\u00e9"}', 'latin1');

describe('a JSON body', () => {
  it('is an object; an empty body has no fields', async () => {
    await expect(json('{"a":1}')).resolves.toEqual({ a: 1 });
    await expect(json('')).resolves.toEqual({});
  });

  it('may begin with a byte order mark', async () => {
    await expect(json(Buffer.concat([BOM, Buffer.from('{"a":1}')]))).resolves.toEqual({ a: 1 });
    await expect(lines(Buffer.concat([BOM, Buffer.from('{"a":1}\n')]))).resolves.toEqual([{ a: 1 }]);
  });

  it.each([
    ['[]', 'a list'],
    ['null', 'null'],
    ['"x"', 'a string'],
    ['5', 'a number'],
  ])('may not be %s', async (body, came) => {
    expect(await refusal(json(body))).toMatchObject({
      code: 'INVALID_INPUT',
      message: `The body must be a JSON object, got ${came}.`,
    });
  });

  it.each([
    ['JSON', json],
    ['JSON Lines', lines],
  ])('that is not UTF-8 is refused with the offset, as %s', async (_format, reader) => {
    expect(await refusal(reader(LATIN1))).toMatchObject({
      code: 'INVALID_INPUT',
      message: 'The body is not UTF-8: the byte at offset 12 is not valid there.',
    });
    await expect(reader(Buffer.from('{"text":"\uFFFD"}'))).resolves.toBeDefined();
  });

  it('is refused if it exceeds the limit, is nested too deeply or is not JSON', async () => {
    const large = await refusal(json(`{"a":"${'x'.repeat(LIMIT)}"}`));
    expect(large).toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: expect.stringMatching(/4000.*MAX_JSON_BYTES/),
    });
    expect((await refusal(json('[[[[[]]]]]'.replace(/^/, '{"a":') + '}'))).message).toMatch(/deeper than 4/);
    expect((await refusal(json('{"a":'))).message).toMatch(/^The body is not valid JSON: /);
    expect((await refusal(lines('{}\n\n{"a"'))).message).toMatch(/^Line 3 is not valid JSON: /);
  });
});

describe('a body of another type', () => {
  it.each([
    ['json', 'application/json'],
    ['image', 'application/json, multipart/form-data'],
    ['batch', 'application/json, application/x-ndjson'],
  ] as const)('is refused, and all accepted types are named (%s)', async (format, types) => {
    const error = await refusal(read(format, 'text/plain', 'x'));
    expect(error.code).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect(error.message).toContain(types);
    expect(error.message).toContain('text/plain');
  });
});

describe('a form', () => {
  const part = (headers: readonly string[], value: Buffer | string) =>
    Buffer.concat([
      Buffer.from(`--x\r\n${headers.join('\r\n')}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ]);
  const form = (...parts: readonly Buffer[]) =>
    read('image', 'multipart/form-data; boundary=x', Buffer.concat([...parts, Buffer.from('--x--\r\n')]));
  const DISPOSITION = 'Content-Disposition: form-data; name="image"';
  const BYTES = Buffer.from([0xff, 0xd8, 0xff, 0x00, 0x0d, 0x0a, 0x80]);

  it.each([
    ['with a file name', [`${DISPOSITION}; filename="a.jpg"`]],
    ['of a type image/*, without a file name', [DISPOSITION, 'Content-Type: image/jpeg']],
    ['whose type comes first', ['Content-Type: image/png', DISPOSITION]],
  ])('has a file in a part %s', async (_name, headers) => {
    const top = part(['Content-Disposition: form-data; name="top_k"'], '3');
    const { body, file } = (await form(top, part(headers, BYTES))) as Pick<Request, 'file'> & {
      readonly body: unknown;
    };
    expect(file?.buffer).toEqual(BYTES);
    expect(body).toEqual({ top_k: '3' });
  });

  it.each(['short', 'x'.repeat(5_000)])(
    'refuses a part without a file name as a file (%#)',
    async (value) => {
      const error = await refusal(form(part([DISPOSITION], value)));
      const message = 'image must be a file: its part needs a filename, or a Content-Type of image/*';
      expect(error).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ field: 'image', message }] });
    },
  );

  it('is refused without a boundary', async () => {
    const error = await refusal(read('image', 'multipart/form-data', 'x'));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('boundary') });
  });

  it('is refused if it exceeds the limit', async () => {
    const error = await refusal(form(part([`${DISPOSITION}; filename="a"`], 'x'.repeat(LIMIT + 1))));
    expect(error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', message: expect.stringContaining('4000') });
  });
});
