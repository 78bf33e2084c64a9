import { AerieError, typeNameOf } from '@aerie/contracts';
import type { Request } from 'express';
import type { BodyReader } from './body.reader.js';
import { decodeText } from './decode-text.js';
import { assertJsonDepth } from './json-depth.js';
import { type ByteLimit, readBytes } from './read-bytes.js';

/** Reads a JSON object. An empty body is an object without fields. */
export class JsonBodyReader implements BodyReader {
  readonly types = ['application/json'];
  readonly #limit: ByteLimit;
  readonly #maxDepth: number;

  /** @param maxDepth maximum nesting of objects and arrays */
  constructor(limit: ByteLimit, maxDepth: number) {
    this.#limit = limit;
    this.#maxDepth = maxDepth;
  }

  /** @throws AerieError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_INPUT, CANCELED */
  async read(request: Request): Promise<void> {
    const text = decodeText(await readBytes(request, this.#limit), request);
    const value = text === '' ? {} : parseJson(text, 'The body');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new AerieError('INVALID_INPUT', `The body must be a JSON object, got ${typeNameOf(value)}.`);
    }
    assertJsonDepth(value, this.#maxDepth);
    request.body = value;
  }
}

/** @throws AerieError INVALID_INPUT saying that `what` is not JSON, and why */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = (error as Error).message;
    throw new AerieError('INVALID_INPUT', `${what} is not valid JSON: ${reason}.`, { cause: error });
  }
}
