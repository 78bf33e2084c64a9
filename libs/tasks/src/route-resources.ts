import type { DecodedImage } from './image-classification/decode-image.js';
import type { ImageGeometry } from './image-classification/types.js';

/** The source of an image. */
export type ImageSource =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** `http:`, `https:` or `data:`. */
  | { readonly kind: 'url'; readonly url: string };

/** Loads and decodes the images of callers, within the limits. */
export interface CallerImages {
  /**
   * The bytes of an image, which begin like those of a JPEG, PNG or WebP file.
   *
   * @throws AerieError INVALID_INPUT if the address is refused or unreachable, or its content is too large or no image
   */
  load(source: ImageSource, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * The image at a model's size.
   *
   * @throws AerieError INVALID_INPUT as `decodeImage`; OVERLOADED if too many images wait for it
   */
  decode(bytes: Uint8Array, geometry: ImageGeometry, signal?: AbortSignal): Promise<DecodedImage>;
}

/** Resources that turn the input of a route into items. */
export interface RouteResources {
  readonly images: CallerImages;
}
