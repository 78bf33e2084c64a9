import { AerieError } from '@aerie/contracts';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { flatten } from './flatten.js';
import { type ImageFormat, readImageHeader, sniffFormat } from './image-header.js';
import type { ImageGeometry, ImageHeader, Orientation } from './types.js';

/** Limits for decoding. */
export interface DecodeLimits {
  /** Width times height of the stored image. */
  readonly maxPixels: number;
  /** Whole seconds that one image may take; more than an hour counts as an hour. */
  readonly timeoutSeconds: number;
}

/** An image at the model's size, not yet rotated upright. */
export interface DecodedImage {
  /** RGB bytes, [height, width, 3] as stored, in their own buffer, which may be transferred to a thread. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly orientation: Orientation;
}

// Only these three loaders are enabled, whatever a file claims to be: fewer parsers, fewer surprises.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
});
// One thread per image: many images are decoded in parallel, and a pool for each costs more than it gains.
sharp.concurrency(1);
sharp.cache(false);

/** The maximum that libvips accepts. */
const LONGEST_TIMEOUT_SECONDS = 3600;

const KERNELS = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic', lanczos: 'lanczos3' } as const;

/**
 * Decodes a JPEG, PNG or WebP image directly to the model's size. A large JPEG or WebP is scaled down while it is
 * decoded (libvips' shrink-on-load), and the crop is part of the scaling. The EXIF rotation is returned, not applied:
 * rotating the small result is free, whereas rotating first would prevent shrink-on-load. Transparent pixels show the
 * background.
 *
 * @throws AerieError INVALID_INPUT if the bytes are not such an image, or it has too many pixels.
 */
export async function decodeImage(
  bytes: Uint8Array,
  geometry: ImageGeometry,
  limits: DecodeLimits,
): Promise<DecodedImage> {
  const format = sniffFormat(bytes);
  if (format === null) {
    throw new AerieError('INVALID_INPUT', 'The image is not a JPEG, PNG or WebP file.');
  }
  const options = { limitInputPixels: limits.maxPixels, failOn: 'error', sequentialRead: true } as const;
  try {
    const header = readImageHeader(bytes, format) ?? (await askLibvips(bytes));
    checkPixels(header, limits);
    const { orientation } = header;
    const image = sharp(bytes, options).timeout({
      seconds: Math.min(limits.timeoutSeconds, LONGEST_TIMEOUT_SECONDS),
    });
    const scaled = scale(image, header, geometry);
    // Does not use flatten() of libvips, which works before the scaling and rounds opaque pixels differently.
    const { data, info } = await scaled.image.toColourspace('srgb').raw().toUint8Array();
    // Sharp creates no SharedArrayBuffer, although its types allow one.
    const pixels = data as Uint8Array<ArrayBuffer>;
    return { pixels: flatten(pixels, info, geometry.background, scaled.step), orientation };
  } catch (error) {
    throw translate(error, format);
  }
}

/**
 * Scales and crops. When libvips enlarges an image, it shifts it by half a pixel of the result to the right and down;
 * therefore it is enlarged to twice the size, where every second pixel has the value for a pixel's center.
 */
function scale(
  image: Sharp,
  header: ImageHeader,
  { width, height, crop, resample }: ImageGeometry,
): { readonly image: Sharp; readonly step: 1 | 2 } {
  const [cropWidth, cropHeight] = header.orientation >= 5 ? [height, width] : [width, height];
  const [fullWidth, fullHeight] = [Math.round(cropWidth / crop), Math.round(cropHeight / crop)];
  const kernel = KERNELS[resample];
  const factor = Math.max(fullWidth / header.width, fullHeight / header.height);
  if (factor <= 1) {
    return {
      image: image.resize(fullWidth, fullHeight, { fit: 'cover', kernel }).extract({
        left: (fullWidth - cropWidth) >> 1,
        top: (fullHeight - cropHeight) >> 1,
        width: cropWidth,
        height: cropHeight,
      }),
      step: 1,
    };
  }
  const enlarged = {
    width: Math.max(fullWidth, Math.round(header.width * factor)),
    height: Math.max(fullHeight, Math.round(header.height * factor)),
  };
  return {
    image: image.resize(2 * enlarged.width, 2 * enlarged.height, { fit: 'fill', kernel }).extract({
      left: enlarged.width - cropWidth,
      top: enlarged.height - cropHeight,
      width: 2 * cropWidth,
      height: 2 * cropHeight,
    }),
    step: 2,
  };
}

/** Has no pixel limit, so that the error can say how large the image is. */
async function askLibvips(bytes: Uint8Array): Promise<ImageHeader> {
  const header = await sharp(bytes, { failOn: 'error', limitInputPixels: false }).metadata();
  return { width: header.width, height: header.height, orientation: orientationOf(header) };
}

function checkPixels({ width, height }: ImageHeader, { maxPixels }: DecodeLimits): void {
  if (width * height > maxPixels) {
    throw new AerieError(
      'INVALID_INPUT',
      `The image has ${String(width)} x ${String(height)} pixels; the limit is ${String(maxPixels)} in total (MAX_IMAGE_PIXELS).`,
    );
  }
}

function orientationOf({ orientation = 1 }: Metadata): Orientation {
  return (orientation >= 1 && orientation <= 8 ? orientation : 1) as Orientation;
}

function translate(error: unknown, format: ImageFormat): AerieError {
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
