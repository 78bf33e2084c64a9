import { type DecodeLimits, type DecodedImage, decodeImage } from '../image-classification/decode-image.js';
import type { ImageGeometry } from '../image-classification/types.js';

/** A small model's geometry, on white. */
export const SMALL_GEOMETRY: ImageGeometry = {
  width: 42,
  height: 28,
  crop: 0.875,
  resample: 'bicubic',
  background: [255, 255, 255],
};

/** Limits that no image of a spec reaches. */
export const WIDE_LIMITS: DecodeLimits = { maxPixels: 50_000_000, timeoutSeconds: 10 };

/** Decodes an image for {@link SMALL_GEOMETRY}. */
export function decodeSmall(bytes: Uint8Array, limits = WIDE_LIMITS): Promise<DecodedImage> {
  return decodeImage(bytes, SMALL_GEOMETRY, limits);
}
