import { AerieError, shorten } from '@aerie/contracts';
import type { Request } from 'express';
import getRawBody from 'raw-body';

/** A body's size limit and the setting that defines it. */
export interface ByteLimit {
  readonly bytes: number;
  readonly setting: string;
}

/**
 * Reads a body. A body that exceeds the limit is refused at once, by its Content-Length or when it exceeds the limit.
 * Compressed bodies are refused, because they turn small requests into large ones and the br decoder of Node 20 is unsafe.
 *
 * @throws AerieError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, CANCELED
 */
export async function readBytes(request: Request, { bytes: limit, setting }: ByteLimit): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    const message = `Content-Encoding ${shorten(encoding)} is not supported; send the body uncompressed.`;
    throw new AerieError('UNSUPPORTED_MEDIA_TYPE', message);
  }
  try {
    return await getRawBody(request, { limit, length: request.headers['content-length'] ?? null });
  } catch (error) {
    const message = `The body is larger than the limit of ${limit} bytes (${setting}).`;
    switch ((error as { type?: unknown }).type) {
      case 'entity.too.large':
        throw new AerieError('PAYLOAD_TOO_LARGE', message, { cause: error });
      case 'request.aborted':
        throw new AerieError('CANCELED', 'The caller disconnected before the body was complete.', {
          cause: error,
        });
      case 'request.size.invalid':
        throw new AerieError('INVALID_INPUT', 'The body does not have the length in Content-Length.', {
          cause: error,
        });
      default:
        throw error;
    }
  }
}
