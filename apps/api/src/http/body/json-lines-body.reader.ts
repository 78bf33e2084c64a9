import type { Request } from 'express';
import type { BodyReader } from './body.reader.js';
import { decodeText } from './decode-text.js';
import { parseJson } from './json-body.reader.js';
import { assertJsonDepth } from './json-depth.js';
import { type ByteLimit, readBytes } from './read-bytes.js';

/** Content types of JSON Lines. */
export const JSON_LINES_TYPES = [
  'application/x-ndjson',
  'application/jsonl',
  'application/json-lines',
  'application/x-jsonlines',
] as const;

/** Reads JSON Lines into an array. Blank lines are skipped. */
export class JsonLinesBodyReader implements BodyReader {
  readonly types = JSON_LINES_TYPES;
  readonly #limit: ByteLimit;
  readonly #maxDepth: number;

  /** @param maxDepth maximum nesting of objects and arrays, on each line */
  constructor(limit: ByteLimit, maxDepth: number) {
    this.#limit = limit;
    this.#maxDepth = maxDepth;
  }

  /** @throws AerieError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_INPUT naming the line, CANCELED */
  async read(request: Request): Promise<void> {
    const text = decodeText(await readBytes(request, this.#limit), request);
    const values: unknown[] = [];
    for (const [index, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue;
      const value = parseJson(line, `Line ${index + 1}`);
      assertJsonDepth(value, this.#maxDepth);
      values.push(value);
    }
    request.body = values;
  }
}
