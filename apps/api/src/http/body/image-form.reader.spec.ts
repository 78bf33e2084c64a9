import { Readable } from 'node:stream';
import { AerieError } from '@aerie/contracts';
import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { ImageFormReader } from './image-form.reader.js';

const MAX_BYTES = 10_000;

const part = (parameters: string, content = 'x') =>
  `--b\r\nContent-Disposition: form-data${parameters}\r\n\r\n${content}\r\n`;
const IMAGE = part('; name="image"; filename="a.png"');

async function read(...parts: readonly string[]): Promise<Request> {
  const body = Buffer.from(`${parts.join('')}--b--\r\n`);
  const headers = {
    'content-type': 'multipart/form-data; boundary=b',
    'content-length': String(body.length),
  };
  const request = Object.assign(Readable.from([body]), { headers }) as unknown as Request;
  await new ImageFormReader(MAX_BYTES).read(request, {} as Response);
  return request;
}

async function refusal(...parts: readonly string[]): Promise<string> {
  try {
    await read(...parts);
  } catch (error) {
    if (error instanceof AerieError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('The form was accepted.');
}

const fields = (count: number) => Array.from({ length: count }, (_, index) => part(`; name="f${index}"`));

describe('a form', () => {
  it('has one file and up to eight other fields', async () => {
    const request = await read(...fields(8), IMAGE);
    expect([Object.keys(request.body as object).length, request.file?.size]).toEqual([8, 1]);
  });

  it.each([
    ['a part has no name', [part('')], 'INVALID_INPUT: A part of the multipart body has no name.'],
    [
      'it has too many fields',
      [...fields(9), IMAGE],
      'PAYLOAD_TOO_LARGE: The form has more than 8 fields besides the file.',
    ],
    [
      'a field is too long',
      [part('; name="top_k"', '1'.repeat(4097))],
      'PAYLOAD_TOO_LARGE: The field top_k of the form is longer than 4096 bytes.',
    ],
    [
      'the name of a field is too long',
      [part(`; name="${'n'.repeat(65)}"`)],
      'PAYLOAD_TOO_LARGE: The name of a field of the form is longer than 64 bytes.',
    ],
    [
      'the image is too large',
      [part('; name="image"; filename="a.png"', 'x'.repeat(MAX_BYTES + 1))],
      'PAYLOAD_TOO_LARGE: The image is larger than the limit of 10000 bytes (MAX_IMAGE_BYTES).',
    ],
    [
      'it has a second file',
      [IMAGE, IMAGE],
      'VALIDATION_ERROR: The request is not valid: expected one file in the field "image", got more than one.',
    ],
  ])('is refused if %s', async (_, parts, expected) => {
    expect(await refusal(...parts)).toBe(expected);
  });
});
