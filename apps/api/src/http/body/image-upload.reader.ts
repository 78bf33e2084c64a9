import { AerieError } from '@aerie/contracts';
import type { Request, RequestHandler, Response } from 'express';
import multer, { MulterError } from 'multer';
import { runMiddleware } from './run-middleware.js';

/** The multipart field that holds the picture. */
const FIELD = 'image';

/** Reads a multipart body with one picture into memory, within the limits. */
export class ImageUploadReader {
  readonly #parse: RequestHandler;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#parse = multer({
      storage: multer.memoryStorage(),
      limits: {
        fileSize: maxBytes,
        // One too many, so that it is refused by its field's name.
        files: 2,
        fields: 8,
        parts: 9,
        fieldSize: 4096,
        fieldNameSize: 64,
        headerPairs: 32,
      },
    }).single(FIELD);
  }

  /** Leaves the file in `request.file` and the fields in `request.body`. */
  async read(request: Request, response: Response): Promise<void> {
    // Told by Content-Length already: refuse before reading megabytes.
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > this.#maxBytes + 65_536) throw this.#tooLarge();
    try {
      await runMiddleware(this.#parse, request, response);
    } catch (error) {
      throw this.#translate(error);
    }
    // Multer's fields have no prototype, which validators do not expect.
    request.body = { ...(request.body as object | undefined) };
  }

  #translate(error: unknown): AerieError {
    if (!(error instanceof MulterError)) {
      return new AerieError(
        'INVALID_INPUT',
        'The multipart body cannot be read: it is damaged or cut short.',
        { cause: error },
      );
    }
    switch (error.code) {
      case 'LIMIT_FILE_SIZE':
        return this.#tooLarge();
      case 'LIMIT_UNEXPECTED_FILE': {
        const field = error.field ?? 'file';
        const came = field === FIELD ? 'more than one' : `one in "${field}"`;
        const message = `expected one file in the field "${FIELD}", got ${came}`;
        return new AerieError('VALIDATION_ERROR', `The request is not valid: ${message}.`, {
          details: [{ field, message }],
        });
      }
      default:
        return new AerieError('PAYLOAD_TOO_LARGE', `The multipart body is over a limit: ${error.message}.`);
    }
  }

  #tooLarge(): AerieError {
    const message = `The image is larger than the limit of ${String(this.#maxBytes)} bytes (MAX_IMAGE_BYTES).`;
    return new AerieError('PAYLOAD_TOO_LARGE', message);
  }
}
