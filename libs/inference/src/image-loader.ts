import { AerieError } from '@aerie/contracts';
import { type SafeFetcher, parseDataUrl } from '@aerie/outbound';
import {
  type CallerImages,
  type DecodeLimits,
  type DecodedImage,
  type ImageGeometry,
  type ImageSource,
  decodeImage,
  sniffFormat,
} from '@aerie/tasks';
import type { BoundedGate } from './bounded-gate.js';

const ACCEPT = 'image/jpeg, image/png, image/webp';

/** Limits for the images of callers. */
export interface ImageLimits extends DecodeLimits {
  readonly maxBytes: number;
  readonly maxRedirects: number;
}

/** Loads and decodes the images of callers, within the limits. */
export class ImageLoader implements CallerImages {
  readonly #fetcher: Pick<SafeFetcher, 'fetchBytes'>;
  readonly #decoding: BoundedGate;
  readonly #limits: ImageLimits;

  constructor(fetcher: Pick<SafeFetcher, 'fetchBytes'>, decoding: BoundedGate, limits: ImageLimits) {
    this.#fetcher = fetcher;
    this.#decoding = decoding;
    this.#limits = limits;
  }

  async load(source: ImageSource, signal?: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.#bytesOf(source, signal);
    if (bytes.byteLength === 0) throw new AerieError('INVALID_INPUT', 'The image is empty.');
    if (sniffFormat(bytes) === null) {
      throw new AerieError('INVALID_INPUT', 'The image is not a JPEG, PNG or WebP file.');
    }
    return bytes;
  }

  decode(bytes: Uint8Array, geometry: ImageGeometry, signal?: AbortSignal): Promise<DecodedImage> {
    return this.#decoding.run(() => decodeImage(bytes, geometry, this.#limits), signal);
  }

  async #bytesOf(source: ImageSource, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (source.kind === 'bytes') return source.bytes;
    if (/^data:/i.test(source.url)) return parseDataUrl(source.url, this.#limits.maxBytes);
    const { maxBytes, maxRedirects } = this.#limits;
    const { bytes } = await this.#fetcher.fetchBytes(source.url, {
      accept: ACCEPT,
      maxBytes,
      maxRedirects,
      ...(signal === undefined ? {} : { signal }),
    });
    return bytes;
  }
}
