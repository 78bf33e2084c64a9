import { deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { exif, type ExifLayout, jpegWith, pngWith, webpWith } from '../testing/exif.js';
import { plain } from '../testing/images.js';
import { readImageHeader, sniffFormat } from './image-header.js';

const image = plain(20, 10, { r: 200, g: 100, b: 50 });
const jpeg = await image.clone().jpeg().toBuffer();
const png = await image.clone().png().toBuffer();
const webp = await image
  .clone()
  .webp()
  .withExif({ IFD0: { Copyright: 'x' } })
  .toBuffer();

const upright = { width: 20, height: 10, orientation: 1 };
const turned = { ...upright, orientation: 6 };

function* layouts(): Generator<ExifLayout> {
  for (const order of ['II', 'MM'] as const)
    for (const directory of [8, 9, 58])
      for (const type of [1, 2, 3, 4, 8, 9])
        for (const before of [0, 3])
          for (const orientation of [0, 1, 6, 8, 9]) yield { order, directory, type, before, orientation };
}

/** libvips is the reference where it reads an orientation at all. */
const reference = async (bytes: Buffer): Promise<number | undefined> =>
  (await sharp(bytes).metadata()).orientation;

describe('the orientation is the one that libvips reads, for every layout of EXIF data', () => {
  const files: readonly [string, 'jpeg' | 'png' | 'webp', (layout: ExifLayout) => Buffer][] = [
    ['a JPEG', 'jpeg', (layout) => jpegWith(jpeg, exif(layout))],
    ['a PNG', 'png', (layout) => pngWith(png, 'eXIf', exif({ ...layout, prefix: false }))],
    ['a WebP with the prefix', 'webp', (layout) => webpWith(webp, exif(layout))],
    ['a WebP without it', 'webp', (layout) => webpWith(webp, exif({ ...layout, prefix: false }))],
  ];

  it.each(files)('in %s', async (_, format, write) => {
    const wrong: unknown[] = [];
    for (const layout of layouts()) {
      const file = write(layout);
      const expected = await reference(file);
      const header = readImageHeader(file, format);
      if (header?.orientation !== expected || header?.width !== 20) wrong.push({ layout, header, expected });
    }
    expect(wrong).toEqual([]);
  });

  it('in JPEGs with bytes of their EXIF data changed at random', async () => {
    // A fixed sequence, so that a failure comes again.
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >> 8) % below;
    };
    const wrong: unknown[] = [];
    for (let round = 0; round < 1000; round++) {
      const data = exif({ orientation: 1 + random(8), directory: 8 + random(4), before: random(3) });
      for (let change = random(3); change > 0; change--) data[6 + random(data.length - 6)] = random(256);
      const file = jpegWith(jpeg, data);
      const expected = (await reference(file)) ?? 1;
      const found = readImageHeader(file, 'jpeg')?.orientation;
      if (found !== expected) wrong.push({ data: data.toString('hex'), found, expected });
    }
    expect(wrong).toEqual([]);
  });
});

describe('the orientation of two EXIF segments', () => {
  it('is that of the first', () => {
    const file = jpegWith(jpeg, exif({ orientation: 6 }), exif({ orientation: 3 }));
    expect(readImageHeader(file, 'jpeg')).toEqual(turned);
  });

  it('is that of the first which has one', () => {
    const empty = Buffer.from('Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0');
    expect(readImageHeader(jpegWith(jpeg, empty, exif({ orientation: 6 })), 'jpeg')).toEqual(turned);
  });
});

describe('the orientation of a PNG that libvips does not find, but ExifTool does', () => {
  const data = exif({ orientation: 6, order: 'MM', directory: 30, prefix: false });
  const digits = `\nexif\n      ${String(data.length)}\n${data.toString('hex').replace(/.{40}/g, '$&\n')}\n`;
  it.each([
    ['with the prefix', pngWith(png, 'eXIf', exif({ orientation: 6 }))],
    ['behind the pixels', pngWith(png, 'eXIf', data, 'end')],
    ['as text', pngWith(png, 'tEXt', Buffer.from(`Raw profile type exif\0${digits}`))],
    [
      'as packed text',
      pngWith(
        png,
        'zTXt',
        Buffer.concat([Buffer.from('Raw profile type APP1\0\0'), deflateSync(Buffer.from(digits))]),
      ),
    ],
  ])('%s', (_, file) => {
    expect(readImageHeader(file, 'png')).toEqual(turned);
  });

  it('is not looked for in text that unpacks to megabytes or not at all', () => {
    for (const content of [deflateSync(Buffer.alloc(4_000_000, 0x20)), Buffer.from('no deflate')]) {
      const text = Buffer.concat([Buffer.from('Raw profile type exif\0\0'), content]);
      expect(readImageHeader(pngWith(png, 'zTXt', text), 'png')).toEqual(upright);
    }
  });
});

describe('the size is the one that libvips reads', () => {
  it.each([
    ['a progressive JPEG', () => image.clone().jpeg({ progressive: true })],
    ['a gray JPEG', () => image.clone().toColourspace('b-w').jpeg()],
    ['a PNG', () => image.clone().png()],
    ['a WebP', () => image.clone().webp()],
    ['a lossless WebP', () => image.clone().webp({ lossless: true })],
    ['an extended WebP', () => image.clone().ensureAlpha(0.5).webp()],
    ['a wide WebP', () => image.clone().resize(16_000, 3, { fit: 'fill' }).webp({ lossless: true })],
  ])('of %s', async (_, make) => {
    const file = await make().toBuffer();
    const { width, height } = await sharp(file).metadata();
    const format = sniffFormat(file);
    expect(format).not.toBeNull();
    expect(readImageHeader(file, format ?? 'jpeg')).toEqual({ width, height, orientation: 1 });
  });
});

it('a header that ends too early is none', () => {
  for (const [format, file] of [
    ['jpeg', jpeg],
    ['png', png],
    ['webp', webp],
  ] as const) {
    for (let length = 12; length < 24; length++)
      expect(readImageHeader(file.subarray(0, length), format)).toBeNull();
  }
});
