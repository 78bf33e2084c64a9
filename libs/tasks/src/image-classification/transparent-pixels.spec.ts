import { describe, expect, it } from '@jest/globals';
import sharp, { type Sharp } from 'sharp';
import { SMALL_GEOMETRY, WIDE_LIMITS, decodeSmall } from '../testing/decode-small.js';
import { gradient, plain } from '../testing/images.js';
import { decodeImage } from './decode-image.js';

describe('transparent pixels show the background, whatever color is hidden in them', () => {
  const hidden = (width: number, height: number) => plain(width, height, { r: 0, g: 200, b: 0, alpha: 0 });
  const formats: readonly [string, (image: Sharp) => Sharp][] = [
    ['PNG', (image) => image.png()],
    ['PNG of 16 bits', (image) => image.toColourspace('rgb16').png()],
    ['gray PNG', (image) => image.toColourspace('b-w').png()],
    ['PNG with a palette', (image) => image.png({ palette: true })],
    ['WebP', (image) => image.webp()],
    ['lossless WebP', (image) => image.webp({ lossless: true, exact: true })],
  ];
  // Above, at and below the size at which nothing is scaled.
  const sizes = [
    [96, 64],
    [48, 32],
    [42, 28],
    [31, 23],
  ] as const;

  it.each(formats)('of a %s, at every size', async (_, encode) => {
    for (const [width, height] of sizes) {
      const bytes = await encode(hidden(width, height)).toBuffer();
      const { pixels } = await decodeSmall(bytes);
      expect(new Set(pixels)).toEqual(new Set([255]));
      const pink = await decodeImage(bytes, { ...SMALL_GEOMETRY, background: [255, 0, 128] }, WIDE_LIMITS);
      expect([...pink.pixels.subarray(0, 6)]).toEqual([255, 0, 128, 255, 0, 128]);
      expect(pink.pixels).toHaveLength(42 * 28 * 3);
    }
  });

  it.each(formats)(
    'of a %s in part, as an image that is laid on the background first',
    async (name, encode) => {
      for (const [width, height] of sizes) {
        const mask = await gradient(width, height).extractChannel(0).toColourspace('b-w').toBuffer();
        const image = gradient(width, height).joinChannel(mask, {
          raw: { width, height, channels: 1 },
        });
        const bytes = await encode(image).toBuffer();
        const flat = await sharp(bytes).flatten({ background: 'white' }).png().toBuffer();
        const [found, expected] = [(await decodeSmall(bytes)).pixels, (await decodeSmall(flat)).pixels];
        const difference = Math.max(...found.map((value, at) => Math.abs(value - (expected[at] ?? 0))));
        // A lossy WebP is scaled down while it is decoded, on another path than without alpha.
        expect(difference).toBeLessThanOrEqual(name === 'WebP' ? 6 : 3);
      }
    },
  );
});
