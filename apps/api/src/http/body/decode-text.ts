import { isUtf8 } from 'node:buffer';
import { AerieError, shorten } from '@aerie/contracts';
import type { Request } from 'express';

/**
 * The text of a body, without a byte order mark.
 *
 * @throws AerieError UNSUPPORTED_MEDIA_TYPE for another charset; INVALID_INPUT with the offset of the first byte that is
 *   not UTF-8
 */
export function decodeText(bytes: Buffer, request: Pick<Request, 'headers'>): string {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new AerieError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The body is read as UTF-8, got charset ${shorten(charset)}.`,
    );
  }
  if (!isUtf8(bytes)) {
    const message = `The body is not UTF-8: the byte at offset ${firstInvalid(bytes)} is not valid there.`;
    throw new AerieError('INVALID_INPUT', message);
  }
  const text = bytes.toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Finds invalid UTF-8, which is decoded to U+FFFD and therefore encoded to other bytes. */
function firstInvalid(bytes: Buffer): number {
  const encoded = Buffer.from(bytes.toString('utf8'));
  let offset = 0;
  while (offset < bytes.length && bytes[offset] === encoded[offset]) offset++;
  return offset;
}
