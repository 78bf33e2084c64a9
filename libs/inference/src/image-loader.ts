import { AerieError } from '@aerie/contracts';
import { type SafeFetcher, parseDataUrl } from '@aerie/outbound';

/** The source of an image. */
export type ImageSource =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** `http:`, `https:` or `data:`. */
  | { readonly kind: 'url'; readonly url: string };

const ACCEPT = 'image/jpeg, image/png, image/webp';

/** Loads the bytes of an image, within the limits. */
export class ImageLoader {
  readonly #fetcher: Pick<SafeFetcher, 'fetchBytes'>;
  readonly #maxBytes: number;

  constructor(fetcher: Pick<SafeFetcher, 'fetchBytes'>, maxBytes: number) {
    this.#fetcher = fetcher;
    this.#maxBytes = maxBytes;
  }

  /** @throws AerieError INVALID_INPUT if the address is refused or unreachable, or its content is too large. */
  async load(source: ImageSource, signal?: AbortSignal): Promise<Uint8Array> {
    if (source.kind === 'bytes') return this.#checked(source.bytes);
    if (/^data:/i.test(source.url)) return this.#checked(parseDataUrl(source.url, this.#maxBytes));
    const { bytes } = await this.#fetcher.fetchBytes(source.url, {
      accept: ACCEPT,
      ...(signal === undefined ? {} : { signal }),
    });
    return bytes;
  }

  #checked(bytes: Uint8Array): Uint8Array {
    if (bytes.byteLength === 0) throw new AerieError('INVALID_INPUT', 'The image is empty.');
    return bytes;
  }
}
