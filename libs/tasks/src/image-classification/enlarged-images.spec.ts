import { describe, expect, it } from '@jest/globals';
import { SMALL_GEOMETRY, WIDE_LIMITS, decodeSmall } from '../testing/decode-small.js';
import { gradient, plain } from '../testing/images.js';
import { decodeImage } from './decode-image.js';

describe('an image that is enlarged', () => {
  /** How far the middle of what is dark lies from the middle of the image, in pixels. */
  function offset(pixels: Uint8Array, width: number, height: number): readonly [x: number, y: number] {
    let [sum, sumX, sumY] = [0, 0, 0];
    for (let at = 0; at < width * height; at++) {
      const weight = 255 - (pixels[at * 3] as number);
      sum += weight;
      sumX += weight * ((at % width) + 0.5);
      sumY += weight * (Math.floor(at / width) + 0.5);
    }
    return [sumX / sum - width / 2, sumY / sum - height / 2];
  }

  const sizes = [
    [100, 100],
    [101, 77],
    [60, 255],
    [255, 31],
    [255, 255],
    [256, 256],
    [300, 257],
    [7, 9],
  ] as const;

  it.each(sizes)('keeps its middle in the middle: %d x %d', async (width, height) => {
    const [left, top] = [Math.floor(width / 3), Math.floor(height / 3)];
    const blob = await plain(width - 2 * left, height - 2 * top, { r: 0, g: 0, b: 0 })
      .extend({ left, right: left, top, bottom: top, background: 'white' })
      .png()
      .toBuffer();
    for (const resample of ['nearest', 'bilinear', 'bicubic', 'lanczos'] as const) {
      const geometry = { ...SMALL_GEOMETRY, width: 224, height: 224, resample };
      const { pixels } = await decodeImage(blob, geometry, WIDE_LIMITS);
      const [x, y] = offset(pixels, 224, 224);
      // Where it is reduced, the longer side may be cut half a pixel to one side.
      const most = Math.min(width, height) > 256 || resample === 'nearest' ? 0.51 : 0.05;
      expect(Math.abs(x)).toBeLessThan(most);
      expect(Math.abs(y)).toBeLessThan(most);
    }
  });

  it('has the values that bicubic interpolation gives for the centers of its pixels', async () => {
    const [width, height] = [20, 14];
    const image = gradient(width, height);
    const stored = await image.clone().raw().toBuffer();
    const { pixels } = await decodeSmall(await image.png().toBuffer());
    // 20 x 14 becomes 48 x 33.6, rounded to 34, of which the middle 42 x 28 is kept.
    const value = (x: number, y: number, channel: number): number => {
      let sum = 0;
      for (const [row, rowWeight] of taps(y, height))
        for (const [column, weight] of taps(x, width))
          sum += rowWeight * weight * (stored[(row * width + column) * 3 + channel] as number);
      return Math.min(255, Math.max(0, sum));
    };
    for (let y = 0; y < 28; y++) {
      for (let x = 0; x < 42; x++) {
        const from = [((x + 3.5) * 20) / 48 - 0.5, ((y + 3.5) * 14) / 34 - 0.5] as const;
        for (let channel = 0; channel < 3; channel++) {
          const found = pixels[(y * 42 + x) * 3 + channel] as number;
          expect(Math.abs(found - value(...from, channel))).toBeLessThan(1.5);
        }
      }
    }
  });

  /** Positions and weights of Keys' cubic convolution with a = -0.5, edges repeated. */
  function taps(at: number, length: number): readonly (readonly [position: number, weight: number])[] {
    const first = Math.floor(at) - 1;
    return [0, 1, 2, 3].map((step) => {
      const position = first + step;
      const d = Math.abs(at - position);
      const weight = d < 1 ? 1.5 * d ** 3 - 2.5 * d ** 2 + 1 : -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2;
      return [Math.min(length - 1, Math.max(0, position)), weight];
    });
  }
});
