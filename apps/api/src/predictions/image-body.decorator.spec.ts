import type { AerieError } from '@aerie/contracts';
import { EmbedBodyDto, readDto } from '@aerie/inference';
import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import 'reflect-metadata';
import { readImageRequest } from './image-body.decorator.js';

const json = async (body: unknown) =>
  Promise.resolve(readImageRequest({ body, is: () => false } as unknown as Request));
const form = async (body: unknown, buffer?: Buffer) =>
  Promise.resolve(
    readImageRequest({
      body,
      is: () => 'multipart/form-data',
      file: buffer === undefined ? undefined : { buffer },
    } as unknown as Request),
  );
const embed = async (body: unknown) => Promise.resolve(readDto(EmbedBodyDto, body));

async function fieldsOf(reading: Promise<unknown>): Promise<readonly string[]> {
  const error = (await reading.then(
    () => new Error('The request was accepted.'),
    (reason: unknown) => reason,
  )) as AerieError;
  if (error.code !== 'VALIDATION_ERROR') throw error;
  return error.details?.map(({ field }) => field) ?? [];
}

describe('a predict request', () => {
  it('names an image by its address and requests five labels', async () => {
    await expect(json({ image_url: ' https://img.test/a.png ' })).resolves.toEqual({
      source: { kind: 'url', url: 'https://img.test/a.png' },
      topK: 5,
    });
  });

  it('may contain the image itself', async () => {
    const url = 'data:image/png;base64,AA==';
    await expect(json({ image_url: url, top_k: 100 })).resolves.toEqual({
      source: { kind: 'url', url },
      topK: 100,
    });
    const bytes = Buffer.from('x');
    await expect(form({ top_k: '3' }, bytes)).resolves.toEqual({ source: { kind: 'bytes', bytes }, topK: 3 });
  });

  it.each([0, 101, -1, 1.5, 'x', '', ' ', true, null, [3], {}, '1e400'])(
    'may not ask for %j labels',
    async (top_k) => {
      await expect(fieldsOf(json({ image_url: 'https://img.test/', top_k }))).resolves.toEqual(['top_k']);
    },
  );

  it.each(['', '  ', 'cat.jpg', 7, null, undefined, ['https://img.test/']])(
    'has no use for the address %j',
    async (image_url) => {
      await expect(fieldsOf(json({ image_url }))).resolves.toEqual(['image_url']);
    },
  );

  it('may not have unknown fields', async () => {
    await expect(fieldsOf(json({ image_url: 'https://img.test/', topk: 3 }))).resolves.toEqual(['topk']);
    await expect(fieldsOf(form({ url: 'x' }, Buffer.from('x')))).resolves.toEqual(['url']);
  });

  it('needs a file in a form', async () => {
    await expect(fieldsOf(form({}))).resolves.toEqual(['image']);
  });

  it('tells every field at fault, once', async () => {
    await expect(fieldsOf(json({ top_k: 0 }))).resolves.toEqual(['image_url', 'top_k']);
  });
});

describe('an embed request', () => {
  it('holds one text or many', async () => {
    await expect(embed({ text: 'a' })).resolves.toMatchObject({ text: 'a', truncate: false });
    await expect(embed({ text: ['a', 'b'], truncate: true })).resolves.toMatchObject({ truncate: true });
  });

  it.each(['', ' ', [], ['a', ' '], [1], null, undefined, 5, {}])('may not hold %j', async (text) => {
    await expect(fieldsOf(embed({ text }))).resolves.toEqual(['text']);
  });

  it('says which text is blank', async () => {
    await expect(embed({ text: ['a', ''] })).rejects.toMatchObject({
      details: [{ field: 'text', message: 'text.1 must not be blank' }],
    });
  });

  it('is strict about its switch', async () => {
    await expect(fieldsOf(embed({ text: 'a', truncate: 'yes' }))).resolves.toEqual(['truncate']);
  });
});
