import { AerieError } from '@aerie/contracts';
import { imageSize } from 'image-size';
import sharp, { type Metadata } from 'sharp';
import type { ImageGeometry, Orientation } from './types.js';

/** Bounds on what is decoded. */
export interface DecodeLimits {
  /** Width times height of the picture as stored. */
  readonly maxPixels: number;
  /** Whole seconds that one picture may take; more than an hour counts as an hour. */
  readonly timeoutSeconds: number;
}

/** A picture at the model's size, not yet turned upright. */
export interface DecodedImage {
  /** RGB bytes, [height, width, 3] as stored, in a buffer of their own that may be transferred to a thread. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly orientation: Orientation;
}

// Only these three loaders are reachable, whatever a file claims to be: fewer parsers, fewer surprises.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
});
// One thread a picture: many pictures are decoded side by side, and a pool for each costs more than it brings.
sharp.concurrency(1);
sharp.cache(false);

/** The most that libvips accepts. */
const LONGEST_TIMEOUT_SECONDS = 3600;

const KERNELS = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic', lanczos: 'lanczos3' } as const;

/**
 * Decodes a JPEG, PNG or WebP straight to the model's size: a big JPEG or WebP is scaled down while it is decoded
 * (libvips' shrink-on-load), and the crop is part of the scaling. The EXIF turn is returned, not applied: turning the
 * small result is free, whereas turning first would lose shrink-on-load.
 *
 * @throws AerieError INVALID_INPUT when the bytes are no such picture, or it has too many pixels.
 */
export async function decodeImage(
  bytes: Uint8Array,
  geometry: ImageGeometry,
  limits: DecodeLimits,
): Promise<DecodedImage> {
  const format = sniffFormat(bytes);
  if (format === null) {
    throw new AerieError('INVALID_INPUT', 'The image is not a JPEG, PNG or WebP picture.');
  }
  const options = { limitInputPixels: limits.maxPixels, failOn: 'error', sequentialRead: true } as const;
  try {
    const header = jpegHeader(bytes, format) ?? (await readHeader(bytes));
    checkPixels(header, limits);
    const orientation = orientationOf(header);
    const [width, height] =
      orientation >= 5 ? [geometry.height, geometry.width] : [geometry.width, geometry.height];
    const [fullWidth, fullHeight] = [Math.round(width / geometry.crop), Math.round(height / geometry.crop)];
    const { data: pixels } = await sharp(bytes, options)
      .timeout({ seconds: Math.min(limits.timeoutSeconds, LONGEST_TIMEOUT_SECONDS) })
      .resize(fullWidth, fullHeight, { fit: 'cover', kernel: KERNELS[geometry.resample] })
      .extract({
        left: (fullWidth - width) >> 1,
        top: (fullHeight - height) >> 1,
        width,
        height,
      })
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toUint8Array();
    // Sharp makes no SharedArrayBuffer; its types only do not say so.
    return { pixels: pixels as Uint8Array<ArrayBuffer>, orientation };
  } catch (error) {
    throw translate(error, format);
  }
}

/** The format by its first bytes; null for anything else. */
export function sniffFormat(bytes: Uint8Array): 'jpeg' | 'png' | 'webp' | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 16));
  if (view.length >= 3 && view[0] === 0xff && view[1] === 0xd8 && view[2] === 0xff) return 'jpeg';
  if (view.subarray(0, 8).equals(PNG_SIGNATURE)) return 'png';
  if (view.toString('latin1', 0, 4) === 'RIFF' && view.toString('latin1', 8, 12) === 'WEBP') return 'webp';
  return null;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** What decides how a picture is decoded. */
type ImageHeader = Pick<Metadata, 'width' | 'height' | 'orientation'>;

/**
 * The header of a JPEG, read on this thread: asking libvips costs 0.6 ms more, and most pictures are JPEGs.
 * Null when libvips must be asked.
 */
function jpegHeader(bytes: Uint8Array, format: string): ImageHeader | null {
  if (format !== 'jpeg') return null;
  try {
    return imageSize(bytes);
  } catch {
    return null;
  }
}

/** Without a limit of its own, so that the refusal can say how large the picture is. */
function readHeader(bytes: Uint8Array): Promise<ImageHeader> {
  return sharp(bytes, { failOn: 'error', limitInputPixels: false }).metadata();
}

function checkPixels({ width, height }: ImageHeader, { maxPixels }: DecodeLimits): void {
  if (width * height > maxPixels) {
    throw new AerieError(
      'INVALID_INPUT',
      `The image has ${String(width)} x ${String(height)} pixels, the limit is ${String(maxPixels)} in all (MAX_IMAGE_PIXELS).`,
    );
  }
}

function orientationOf({ orientation = 1 }: ImageHeader): Orientation {
  return (orientation >= 1 && orientation <= 8 ? orientation : 1) as Orientation;
}

function translate(error: unknown, format: string): AerieError {
  if (error instanceof AerieError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (/timeout/i.test(reason)) {
    return new AerieError('INVALID_INPUT', 'The image takes too long to decode.', { cause: error });
  }
  return new AerieError(
    'INVALID_INPUT',
    `The image cannot be decoded: its ${format} data is damaged or cut short.`,
    {
      cause: error,
    },
  );
}
