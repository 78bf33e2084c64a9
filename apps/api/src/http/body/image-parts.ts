import { FILE_FIELD } from './uploaded-file.js';

/** Longest headers of a part that are examined. The parser refuses longer ones. */
const MAX_HEADER_BYTES = 8_192;
const HEADERS_END = Buffer.from('\r\n\r\n');
const IS_IMAGE = /^content-type:\s*image\//im;
const IS_FILE_FIELD = new RegExp(
  `^content-disposition:[^\\r\\n]*;\\s*name="?${FILE_FIELD}"?\\s*(;|\\r?$)`,
  'im',
);
const HAS_FILE_NAME = /;\s*filename\*?=/i;
const DISPOSITION = /^(content-disposition:[^\r\n]*)/im;

/** The boundary of a form; undefined if its Content-Type names none. */
export function boundaryOf(contentType = ''): string | undefined {
  const found = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/**
 * Adds a file name to a part named `image` of a type image/* that has none. Form parsers treat a part without a file name
 * as text and would read the image as UTF-8.
 */
export function withFileNames(body: Buffer, boundary: string): readonly Buffer[] {
  const delimiter = Buffer.from(`--${boundary}\r\n`);
  const pieces: Buffer[] = [];
  let copied = 0;
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + delimiter.length)) {
    const start = at + delimiter.length;
    const end = body.subarray(start, start + MAX_HEADER_BYTES).indexOf(HEADERS_END);
    if (end < 0) continue;
    const headers = body.toString('latin1', start, start + end);
    if (!IS_IMAGE.test(headers) || !IS_FILE_FIELD.test(headers) || HAS_FILE_NAME.test(headers)) continue;
    const named = headers.replace(DISPOSITION, `$1; filename="${FILE_FIELD}"`);
    pieces.push(body.subarray(copied, start), Buffer.from(named, 'latin1'));
    copied = start + end;
  }
  return [...pieces, body.subarray(copied)];
}
