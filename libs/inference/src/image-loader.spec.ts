import type { SafeFetcher } from '@aerie/outbound';
import { expect, it, jest } from '@jest/globals';
import sharp from 'sharp';
import { BoundedGate } from './bounded-gate.js';
import { ImageLoader } from './image-loader.js';

const PNG = await sharp({ create: { width: 8, height: 4, channels: 3, background: '#c86432' } })
  .png()
  .toBuffer();
const GEOMETRY = { width: 4, height: 2, crop: 1, resample: 'bicubic', background: [255, 255, 255] } as const;

function newLoader(bytes: Uint8Array = PNG) {
  const fetchBytes = jest.fn(async (_url: string, _options: object) => ({ bytes }));
  const gate = new BoundedGate('image decoding', 1, 0);
  const limits = { maxBytes: PNG.length, maxRedirects: 2, maxPixels: 1000, timeoutSeconds: 5 };
  const sut = new ImageLoader({ fetchBytes } as unknown as Pick<SafeFetcher, 'fetchBytes'>, gate, limits);
  return { sut, fetchBytes, gate };
}

it('an address is fetched as an image, unless the caller leaves', async () => {
  const { sut, fetchBytes } = newLoader();
  const { signal } = new AbortController();
  await expect(sut.load({ kind: 'url', url: 'https://img.test/' }, signal)).resolves.toEqual(PNG);
  expect(fetchBytes).toHaveBeenCalledWith('https://img.test/', {
    accept: 'image/jpeg, image/png, image/webp',
    maxBytes: PNG.length,
    maxRedirects: 2,
    signal,
  });
});

it('a data URL is decoded, in upper or lower case', async () => {
  const { sut, fetchBytes } = newLoader();
  const url = `DATA:image/png;base64,${PNG.toString('base64')}`;
  expect(Buffer.from(await sut.load({ kind: 'url', url }))).toEqual(PNG);
  expect(fetchBytes).not.toHaveBeenCalled();
});

it('a data URL over the limit is refused', async () => {
  const { sut } = newLoader();
  const url = `data:image/png;base64,${Buffer.alloc(PNG.length + 1).toString('base64')}`;
  await expect(sut.load({ kind: 'url', url })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

it('an empty body is not an image', async () => {
  const { sut } = newLoader();
  await expect(sut.load({ kind: 'bytes', bytes: new Uint8Array() })).rejects.toMatchObject({
    message: 'The image is empty.',
  });
  await expect(sut.load({ kind: 'url', url: 'data:,' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

it('bytes that are not an image are refused', async () => {
  const { sut } = newLoader(Buffer.from('<html>'));
  await expect(sut.load({ kind: 'url', url: 'https://img.test/' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: 'The image is not a JPEG, PNG or WebP file.',
  });
});

it('an image is decoded to the size of the model', async () => {
  const { pixels, orientation } = await newLoader().sut.decode(PNG, GEOMETRY);
  expect([pixels.length, orientation]).toEqual([24, 1]);
});

it('a damaged image is refused', async () => {
  const damaged = PNG.subarray(0, PNG.length - 30);
  await expect(newLoader().sut.decode(damaged, GEOMETRY)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

it('an image is refused at once if too many wait to be decoded', async () => {
  const { sut, gate } = newLoader();
  let leave: () => void = () => undefined;
  const busy = gate.run(() => new Promise<void>((resolve) => (leave = resolve)));
  await expect(sut.decode(PNG, GEOMETRY)).rejects.toMatchObject({ code: 'OVERLOADED' });
  leave();
  await busy;
});
