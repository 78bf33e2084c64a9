import { AerieError, validationError } from '@aerie/contracts';
import type { Request, RequestHandler, Response } from 'express';
import multer, { MulterError } from 'multer';
import type { BodyReader } from './body.reader.js';
import { FILE_FIELD } from './uploaded-file.js';

/** Fields beside the picture, and their headers, in a form that is not too large. */
const FORM_OVERHEAD_BYTES = 65_536;

/** Reads a form with one picture into memory, within the limits. */
export class ImageFormReader implements BodyReader {
  readonly types = ['multipart/form-data'];
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
    }).single(FILE_FIELD);
  }

  async read(request: Request, response: Response): Promise<void> {
    // Told by Content-Length already: refuse before reading megabytes.
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > this.#maxBytes + FORM_OVERHEAD_BYTES) throw this.#tooLarge();
    await new Promise<void>((resolve, reject) => {
      void this.#parse(request, response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(this.#translate(error));
      });
    });
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
        const came = field === FILE_FIELD ? 'more than one' : `one in "${field}"`;
        return validationError({
          field,
          message: `expected one file in the field "${FILE_FIELD}", got ${came}`,
        });
      }
      default:
        return new AerieError('PAYLOAD_TOO_LARGE', `The multipart body is over a limit: ${error.message}.`);
    }
  }

  #tooLarge(): AerieError {
    const message = `The image is larger than the limit of ${this.#maxBytes} bytes (MAX_IMAGE_BYTES).`;
    return new AerieError('PAYLOAD_TOO_LARGE', message);
  }
}
