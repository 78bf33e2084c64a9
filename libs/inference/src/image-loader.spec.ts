import type { SafeFetcher } from '@aerie/outbound';
import { expect, it, jest } from '@jest/globals';
import { ImageLoader } from './image-loader.js';

function newLoader() {
  const fetchBytes = jest.fn(async (_url: string, _options: object) => ({ bytes: Uint8Array.of(1, 2) }));
  return {
    sut: new ImageLoader({ fetchBytes } as unknown as Pick<SafeFetcher, 'fetchBytes'>, 10),
    fetchBytes,
  };
}

it('an address is fetched as an image, until the caller leaves', async () => {
  const { sut, fetchBytes } = newLoader();
  const { signal } = new AbortController();
  await expect(sut.load({ kind: 'url', url: 'https://img.test/' }, signal)).resolves.toEqual(
    Uint8Array.of(1, 2),
  );
  expect(fetchBytes).toHaveBeenCalledWith('https://img.test/', {
    accept: 'image/jpeg, image/png, image/webp',
    signal,
  });
});

it('a data URL is read here, whatever its case', async () => {
  const { sut, fetchBytes } = newLoader();
  const bytes = await sut.load({ kind: 'url', url: 'DATA:image/png;base64,AQID' });
  expect([...bytes]).toEqual([1, 2, 3]);
  expect(fetchBytes).not.toHaveBeenCalled();
});

it('a data URL over the limit is refused', async () => {
  const { sut } = newLoader();
  const url = `data:image/png;base64,${Buffer.alloc(11).toString('base64')}`;
  await expect(sut.load({ kind: 'url', url })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

it('an empty body is not an image', async () => {
  const { sut } = newLoader();
  await expect(sut.load({ kind: 'bytes', bytes: new Uint8Array() })).rejects.toMatchObject({
    message: 'The image is empty.',
  });
  await expect(sut.load({ kind: 'url', url: 'data:,' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});
