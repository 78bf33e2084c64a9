import { AerieError } from '@aerie/contracts';

/** Longest part of a data URL before its comma. */
const MAX_HEADER_LENGTH = 256;
const PERCENT = 0x25;
/** ASCII white space, which the URL standard allows in base64. */
const WHITE_SPACE = [' ', '\n', '\r', '\t', '\f'];

/** Whether `text` is a data URL, which {@link parseDataUrl} reads. */
export function isDataUrl(text: string): boolean {
  return text.slice(0, 5).toLowerCase() === 'data:';
}

/**
 * Reads a `data:` URL (RFC 2397), base64 or percent-encoded. Base64 may lack its padding, may hold white space and may
 * be percent-encoded; the URL-safe alphabet and anything else is refused.
 *
 * @param maxBytes largest content; the size is checked before anything is decoded
 * @throws AerieError INVALID_INPUT if it is malformed or too large
 */
export function parseDataUrl(url: string, maxBytes: number): Buffer {
  const comma = isDataUrl(url) ? url.indexOf(',') : -1;
  if (comma === -1 || comma > MAX_HEADER_LENGTH) {
    throw invalid('expected data:<media type>[;base64],<data>, got no media type followed by a comma');
  }
  const isBase64 = /;\s*base64\s*$/i.test(url.slice(5, comma));
  const fragment = url.indexOf('#', comma);
  const data = url.slice(comma + 1, fragment === -1 ? undefined : fragment);
  return isBase64 ? decodeBase64(data, maxBytes) : percentDecode(data, maxBytes);
}

function decodeBase64(data: string, maxBytes: number): Buffer {
  const written = data.includes('%') ? percentDecode(data, maxBytes * 2 + 4).toString('latin1') : data;
  // Node's decoder skips invalid characters, stops at '=', and reads the URL-safe alphabet and the low byte of wide
  // characters. Native functions detect all of this without a loop over megabytes of characters.
  if (Buffer.byteLength(written, 'utf8') !== written.length) throw notBase64();
  const plain = WHITE_SPACE.some((character) => written.includes(character))
    ? withoutWhiteSpace(written)
    : written;
  let end = plain.length;
  if (end % 4 === 0 && plain.endsWith('=')) end -= plain.endsWith('==') ? 2 : 1;
  const expectedBytes = Math.floor((end * 3) / 4);
  if (expectedBytes > maxBytes) throw tooLarge(expectedBytes, maxBytes);
  const isSuspect = end % 4 === 1 || plain.includes('-') || plain.includes('_');
  const bytes = isSuspect ? null : Buffer.from(plain, 'base64');
  if (bytes?.length !== expectedBytes) throw notBase64();
  return bytes;
}

/** For ASCII text: one pass over the bytes, a nanosecond each, which only texts with white space need. */
function withoutWhiteSpace(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  let length = 0;
  for (const byte of bytes) {
    if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b)) continue;
    bytes[length] = byte;
    length += 1;
  }
  return bytes.toString('latin1', 0, length);
}

function percentDecode(data: string, maxBytes: number): Buffer {
  // Three encoded characters are at least one byte.
  if (data.length > maxBytes * 3) throw tooLarge(Math.ceil(data.length / 3), maxBytes);
  const bytes = Buffer.from(data, 'utf8');
  let from = bytes.indexOf(PERCENT);
  let length = from === -1 ? bytes.length : from;
  while (from !== -1) {
    const byte = hexPair(bytes, from + 1);
    if (byte === null) throw invalid('the data URL has a % that is not followed by two hexadecimal digits');
    bytes[length] = byte;
    length += 1;
    const next = bytes.indexOf(PERCENT, from + 3);
    const plainEnd = next === -1 ? bytes.length : next;
    bytes.copyWithin(length, from + 3, plainEnd);
    length += plainEnd - (from + 3);
    from = next;
  }
  if (length > maxBytes) throw tooLarge(length, maxBytes);
  return bytes.subarray(0, length);
}

function hexPair(bytes: Buffer, at: number): number | null {
  const high = hexDigit(bytes[at]);
  const low = hexDigit(bytes[at + 1]);
  return high === null || low === null ? null : high * 16 + low;
}

function hexDigit(code: number | undefined): number | null {
  if (code === undefined) return null;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : null;
}

function tooLarge(bytes: number, maxBytes: number): AerieError {
  return invalid(`the data URL has ${String(bytes)} bytes, the limit is ${String(maxBytes)} bytes`);
}

function notBase64(): AerieError {
  return invalid('the data URL is not valid base64');
}

function invalid(message: string): AerieError {
  return new AerieError('INVALID_INPUT', message);
}
