import { AerieError } from '@aerie/contracts';
import type { Request } from 'express';
import getRawBody from 'raw-body';
import { assertJsonDepth } from './json-depth.js';

/** Bounds on a JSON body. */
export interface JsonBodyLimits {
  readonly maxBytes: number;
  /** Objects and arrays inside each other. */
  readonly maxDepth: number;
}

/**
 * Reads JSON bodies. A body over the limit is refused at once, by its Content-Length or when it gets there: Express's
 * own parser would first read it to its end. Compressed bodies are refused: they turn a small request into a large
 * one, and the br decoder of Node 20 is unsafe.
 */
export class JsonBodyReader {
  readonly #limits: JsonBodyLimits;

  constructor(limits: JsonBodyLimits) {
    this.#limits = limits;
  }

  /**
   * The parsed body; an empty one is an object without fields.
   *
   * @throws AerieError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_INPUT (no JSON, nested too deep), CANCELED.
   */
  async read(request: Request): Promise<object> {
    assertReadable(request);
    const value = parse(await this.#bytesOf(request));
    assertJsonDepth(value, this.#limits.maxDepth);
    return value;
  }

  async #bytesOf(request: Request): Promise<Buffer> {
    const limit = this.#limits.maxBytes;
    try {
      return await getRawBody(request, { limit, length: request.headers['content-length'] ?? null });
    } catch (error) {
      const message = `The body is larger than the limit of ${limit} bytes.`;
      switch ((error as { type?: unknown }).type) {
        case 'entity.too.large':
          throw new AerieError('PAYLOAD_TOO_LARGE', message, { cause: error });
        case 'request.aborted':
          throw new AerieError('CANCELED', 'The caller left before the body was complete.', { cause: error });
        default:
          throw error;
      }
    }
  }
}

function assertReadable(request: Request): void {
  const type = request.headers['content-type'];
  if (request.is('application/json') === false) {
    throw new AerieError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Expected Content-Type application/json, got ${type ?? 'none'}.`,
    );
  }
  const charset = /;\s*charset="?([^";\s]+)/i.exec(type ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new AerieError('UNSUPPORTED_MEDIA_TYPE', `JSON is read as UTF-8, got charset ${charset}.`);
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new AerieError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Content-Encoding ${encoding} is not supported: send the body as it is.`,
    );
  }
}

function parse(bytes: Buffer): object {
  if (bytes.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new AerieError('INVALID_INPUT', 'The body is not valid JSON.', { cause: error });
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new AerieError('INVALID_INPUT', 'The body must be a JSON object.');
}
