import { crc32 } from 'node:zlib';
import { AerieError } from '@aerie/contracts';
import { describe, expect, it } from '@jest/globals';
import sharp, { type Sharp } from 'sharp';
import { WIDE_LIMITS, decodeSmall } from '../testing/decode-small.js';
import { gradient, plain, tagged } from '../testing/images.js';
import { sniffFormat } from './image-header.js';

const ORANGE = { r: 200, g: 100, b: 50 };
const GREY = { r: 128, g: 128, b: 128 };

async function refusal(decoding: Promise<unknown>): Promise<AerieError> {
  const error: unknown = await decoding.then(
    () => new Error('The image was decoded.'),
    (reason: unknown) => reason,
  );
  if (error instanceof AerieError) return error;
  throw error;
}

/** A PNG of some bytes whose header claims to be of another size, with the checksum that goes with it. */
async function pngThatClaims(width: number, height: number): Promise<Buffer> {
  const png = await plain(1, 1, ORANGE).png().toBuffer();
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

describe('an image is decoded to RGB at the size of the model', () => {
  const orange = () => plain(64, 48, ORANGE);
  const gray = () => plain(64, 48, GREY);
  const images: readonly [string, () => Sharp, readonly number[], number][] = [
    ['JPEG', () => orange().jpeg(), [200, 100, 50], 3],
    ['progressive JPEG', () => orange().jpeg({ progressive: true }), [200, 100, 50], 3],
    ['gray JPEG', () => gray().toColourspace('b-w').jpeg(), [128, 128, 128], 1],
    ['CMYK JPEG', () => gray().toColourspace('cmyk').jpeg(), [128, 128, 128], 16],
    ['PNG', () => orange().png(), [200, 100, 50], 0],
    ['PNG with a palette', () => orange().png({ palette: true }), [200, 100, 50], 1],
    ['PNG of 16 bits', () => orange().toColourspace('rgb16').png(), [200, 100, 50], 1],
    ['PNG with alpha', () => plain(64, 48, { ...ORANGE, alpha: 0.5 }).png(), [227, 177, 152], 2],
    ['gray PNG', () => gray().toColourspace('b-w').png(), [128, 128, 128], 0],
    ['gray PNG of 16 bits', () => gray().toColourspace('grey16').png(), [128, 128, 128], 1],
    [
      'gray PNG with alpha',
      () =>
        plain(64, 48, { ...GREY, alpha: 0.5 })
          .toColourspace('b-w')
          .png(),
      [191, 191, 191],
      2,
    ],
    ['WebP', () => orange().webp(), [200, 100, 50], 4],
    [
      'lossless WebP with alpha',
      () => plain(64, 48, { ...ORANGE, alpha: 0.5 }).webp({ lossless: true }),
      [227, 177, 152],
      2,
    ],
  ];

  it.each(images)('from a %s', async (_, image, color, tolerance) => {
    const { pixels, orientation } = await decodeSmall(await image().toBuffer());
    expect(orientation).toBe(1);
    expect(pixels).toHaveLength(42 * 28 * 3);
    for (const at of [0, pixels.length - 3]) {
      color.forEach((value, channel) => {
        expect(Math.abs((pixels[at + channel] as number) - value)).toBeLessThanOrEqual(tolerance);
      });
    }
  });

  it.each([
    [1, 1],
    [1, 2000],
    [2000, 1],
  ])('however far it is from that: %d x %d', async (width, height) => {
    const { pixels } = await decodeSmall(await plain(width, height, ORANGE).png().toBuffer());
    expect([...pixels.subarray(0, 3)]).toEqual([200, 100, 50]);
    expect(pixels).toHaveLength(42 * 28 * 3);
  });

  it('into a separate buffer, which moves to a thread without a copy', async () => {
    const { pixels } = await decodeSmall(await plain(8, 8, ORANGE).png().toBuffer());
    expect(pixels.buffer.byteLength).toBe(pixels.byteLength);
    const { byteLength } = pixels;
    const moved = structuredClone(pixels, { transfer: [pixels.buffer] });
    expect([moved.byteLength, pixels.byteLength]).toEqual([byteLength, 0]);
  });

  it('by the middle: the share that the crop says, of the largest part of the same shape', async () => {
    // 84 x 48 has 72 x 48 in the shape of 42 x 28, of which 0.875 are 63 x 42: x from 10.5 to 73.5, y from 3 to 45.
    const { pixels } = await decodeSmall(await gradient(84, 48).png().toBuffer());
    const [left, top] = [pixels[0] as number, pixels[1] as number];
    const [right, bottom] = [pixels.at(-3) as number, pixels.at(-2) as number];
    expect(Math.abs(left - (10.75 / 83) * 255)).toBeLessThan(3);
    expect(Math.abs(right - (72.25 / 83) * 255)).toBeLessThan(3);
    expect(Math.abs(top - (3.25 / 47) * 255)).toBeLessThan(3);
    expect(Math.abs(bottom - (43.75 / 47) * 255)).toBeLessThan(3);
  });

  it('with the EXIF orientation reported, not applied', async () => {
    expect(
      (
        await decodeSmall(
          await tagged(plain(64, 48, ORANGE), 6)
            .jpeg()
            .toBuffer(),
        )
      ).orientation,
    ).toBe(6);
  });
});

describe('an image of 12 megapixels', () => {
  it('is scaled down while it is decoded, even if it must be turned', async () => {
    const jpeg = await tagged(plain(4000, 3000, ORANGE), 6)
      .jpeg()
      .toBuffer();
    // Processor time, not the clock's: others may be at work on the machine.
    const leastWork = async (work: () => Promise<unknown>) => {
      const times: number[] = [];
      for (let i = 0; i < 3; i++) {
        const start = process.cpuUsage();
        await work();
        const { user, system } = process.cpuUsage(start);
        times.push(user + system);
      }
      return Math.min(...times);
    };
    const whole = await leastWork(() => sharp(jpeg).raw().toBuffer());
    // Measured: a quarter to a sixth.
    expect(await leastWork(() => decodeSmall(jpeg))).toBeLessThan(whole / 2);
  });
});

describe('an image is refused', () => {
  it('when its header claims too many pixels, before any of them is decoded', async () => {
    const error = await refusal(decodeSmall(await pngThatClaims(100_000, 100_000)));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toBe(
      'The image has 100000 x 100000 pixels; the limit is 50000000 in total (MAX_IMAGE_PIXELS).',
    );
  });

  it('from one pixel above the limit on', async () => {
    const png = await plain(20, 10, ORANGE).png().toBuffer();
    expect((await decodeSmall(png, { ...WIDE_LIMITS, maxPixels: 200 })).orientation).toBe(1);
    expect((await refusal(decodeSmall(png, { ...WIDE_LIMITS, maxPixels: 199 }))).message).toContain(
      '20 x 10',
    );
  });

  it.each([
    ['JPEG', () => gradient(160, 120).jpeg(), 'jpeg'],
    ['PNG', () => gradient(160, 120).png(), 'png'],
    ['WebP', () => gradient(160, 120).webp(), 'webp'],
  ])('when it is a %s cut short', async (_, image, name) => {
    const whole = await image().toBuffer();
    const error = await refusal(decodeSmall(whole.subarray(0, Math.floor(whole.length * 0.6))));
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      message: `The image cannot be decoded: its ${name} data is damaged or cut short.`,
    });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each([
    ['JPEG', [0xff, 0xd8, 0xff]],
    ['PNG', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
    ['WebP', [...Buffer.from('RIFF0000WEBP')]],
  ])('when only its first bytes are those of a %s', async (_, signature) => {
    const error = await refusal(decodeSmall(Uint8Array.from([...signature, ...Buffer.alloc(500, 7)])));
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('damaged') as unknown,
    });
  });

  const others: readonly [string, () => Promise<Uint8Array>][] = [
    ['a GIF', () => plain(8, 8, ORANGE).gif().toBuffer()],
    ['a TIFF', () => plain(8, 8, ORANGE).tiff().toBuffer()],
    ['an SVG', async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')],
    ['text', async () => Buffer.from('not an image at all')],
  ];

  it.each([...others, ['nothing', async () => new Uint8Array()]] as const)(
    'when it is %s',
    async (_, bytes) => {
      const error = await refusal(decodeSmall(await bytes()));
      expect(error).toMatchObject({
        code: 'INVALID_INPUT',
        message: 'The image is not a JPEG, PNG or WebP file.',
      });
    },
  );

  it.each(others)('by libvips as well, when it is %s', async (_, bytes) => {
    await expect(sharp(await bytes()).metadata()).rejects.toThrow();
  });
});

it('a time limit of more than the hour that libvips knows is one hour', async () => {
  const png = await plain(8, 8, ORANGE).png().toBuffer();
  expect((await decodeSmall(png, { ...WIDE_LIMITS, timeoutSeconds: 86_400 })).orientation).toBe(1);
});

it('a format is told by its first bytes, wherever they lie in their buffer', () => {
  const inside = Buffer.from('xxRIFF1234WEBPVP8 ').subarray(2);
  expect(sniffFormat(inside)).toBe('webp');
  expect(sniffFormat(Buffer.from('RIFF1234WAVE'))).toBeNull();
  expect(sniffFormat(Uint8Array.of(0xff, 0xd8))).toBeNull();
});
