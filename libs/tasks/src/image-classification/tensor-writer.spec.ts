import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { gradient, tagged } from '../testing/images.js';
import { classificationOptionsSchema, type ClassificationOptions } from './classification.options.js';
import { decodeImage } from './decode-image.js';
import { TensorWriter } from './tensor-writer.js';
import type { Orientation } from './types.js';

type ImageOptions = ClassificationOptions['image'];

const ORIENTATIONS: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];
const LIMITS = { maxPixels: 10_000_000, timeoutSeconds: 10 };

/** Floats that are the bytes themselves, in the order of the bytes. */
function bytesAsTheyAre(options: Partial<ImageOptions>): ImageOptions {
  const parsed = classificationOptionsSchema.parse({
    image: { mean: [0, 0, 0], std: [1, 1, 1], layout: 'nhwc' },
  });
  return { ...parsed.image, ...options };
}

function write(pixels: Uint8Array, orientation: Orientation, image: ImageOptions): Float32Array {
  const tensor = new Float32Array(pixels.length);
  new TensorWriter(image).write(pixels, orientation, tensor, 0);
  return tensor;
}

async function tensorOf(file: Uint8Array, image: ImageOptions): Promise<Float32Array> {
  const { pixels, orientation } = await decodeImage(file, image, LIMITS);
  return write(pixels, orientation, image);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (b[index] as number))), 0);
}

describe.each(ORIENTATIONS)('an image stored with EXIF orientation %d', (orientation) => {
  const turned = orientation >= 5;

  it('is turned byte for byte as libvips turns it', async () => {
    const [width, height] = [5, 3];
    const file = await tagged(gradient(width, height), orientation).png().toBuffer();
    const stored = await sharp(file).raw().toBuffer();
    const upright = await sharp(file).autoOrient().raw().toBuffer();
    const image = bytesAsTheyAre(turned ? { width: height, height: width } : { width, height });
    expect([...write(stored, orientation, image)]).toEqual([...upright]);
  });

  it.each([
    { width: 42, height: 28 },
    { width: 28, height: 42 },
    { width: 28, height: 28 },
  ])('gives the tensor of the upright image at $width x $height', async (size) => {
    const image = bytesAsTheyAre({ ...size, crop: 0.875 });
    const file = await tagged(gradient(96, 64), orientation).png().toBuffer();
    const upright = await sharp(file).autoOrient().png().toBuffer();
    const difference = largestDifference(await tensorOf(file, image), await tensorOf(upright, image));
    expect(difference).toBeLessThanOrEqual(1);
  });

  it('gives the tensor of the upright image when the JPEG decoder scales it down', async () => {
    const image = bytesAsTheyAre({ width: 42, height: 28, crop: 0.875 });
    const file = await tagged(gradient(336, 224), orientation).jpeg({ quality: 95 }).toBuffer();
    const upright = await sharp(file).autoOrient().png().toBuffer();
    const difference = largestDifference(await tensorOf(file, image), await tensorOf(upright, image));
    expect(difference).toBeLessThanOrEqual(6);
  });
});

describe('a tensor', () => {
  // Two pixels, one above the other.
  const PIXELS = Uint8Array.of(10, 20, 30, 40, 50, 60);
  const SIZE = { width: 1, height: 2 };

  it.each([
    ['nhwc', 'rgb', [10, 20, 30, 40, 50, 60]],
    ['nhwc', 'bgr', [30, 20, 10, 60, 50, 40]],
    ['nchw', 'rgb', [10, 40, 20, 50, 30, 60]],
    ['nchw', 'bgr', [30, 60, 20, 50, 10, 40]],
  ] as const)('has the layout %s with the channels %s', (layout, channels, expected) => {
    expect([...write(PIXELS, 1, bytesAsTheyAre({ ...SIZE, layout, channels }))]).toEqual(expected);
  });

  it('has (byte - mean) / std with the mean and std of the stored color, for any order of channels', () => {
    const numbers = { mean: [10, 20, 30], std: [2, 3, 5] } as const;
    const image = { ...bytesAsTheyAre(SIZE), mean: [...numbers.mean], std: [...numbers.std] } as ImageOptions;
    expect([...write(PIXELS, 1, image)]).toEqual([0, 0, 0, 15, 10, 6]);
    expect([...write(PIXELS, 1, { ...image, channels: 'bgr' })]).toEqual([0, 0, 0, 6, 10, 15]);
  });

  it('is written at its place in the batch and nowhere else', () => {
    const target = new Float32Array(12).fill(-1);
    new TensorWriter(bytesAsTheyAre({ ...SIZE, layout: 'nchw' })).write(PIXELS, 1, target, 3);
    expect([...target]).toEqual([-1, -1, -1, 10, 40, 20, 50, 30, 60, -1, -1, -1]);
  });

  it('is not created from an image of another size', () => {
    const writer = new TensorWriter(bytesAsTheyAre(SIZE));
    expect(() => {
      writer.write(new Uint8Array(3), 1, new Float32Array(6), 0);
    }).toThrow('This is a bug');
  });
});
