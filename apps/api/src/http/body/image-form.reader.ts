import type { Writable } from 'node:stream';
import { AerieError, fieldError, validationError } from '@aerie/contracts';
import type { Request, RequestHandler, Response } from 'express';
import multer, { MulterError, type Options } from 'multer';
import type { BodyReader } from './body.reader.js';
import { boundaryOf, withFileNames } from './image-parts.js';
import { readBytes } from './read-bytes.js';
import { FILE_FIELD } from './uploaded-file.js';

/** Maximum bytes for the other fields of a form and for headers. */
const FORM_OVERHEAD_BYTES = 65_536;
const MAX_FIELDS = 8;
const MAX_FIELD_BYTES = 4096;
const MAX_FIELD_NAME_BYTES = 64;
const MAX_PART_HEADERS = 32;
const NO_FILE = 'must be a file: its part needs a filename, or a Content-Type of image/*';

/** Reads a form with one image into memory, within the limits. */
export class ImageFormReader implements BodyReader {
  readonly types = ['multipart/form-data'];
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws AerieError VALIDATION_ERROR, INVALID_INPUT, PAYLOAD_TOO_LARGE, CANCELED */
  async read(request: Request, response: Response): Promise<void> {
    const boundary = boundaryOf(request.headers['content-type']);
    if (boundary === undefined) {
      throw new AerieError('INVALID_INPUT', 'The Content-Type multipart/form-data must name its boundary.');
    }
    const body = await this.#bytesOf(request);
    const parse = this.#parser(withFileNames(body, boundary));
    await new Promise<void>((resolve, reject) => {
      void parse(request, response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(this.#translate(error));
      });
    });
    // Multer's fields have no prototype, which validators do not expect.
    request.body = { ...(request.body as object | undefined) };
    if (FILE_FIELD in request.body) throw validationError(fieldError(FILE_FIELD, NO_FILE));
  }

  async #bytesOf(request: Request): Promise<Buffer> {
    try {
      const bytes = this.#maxBytes + FORM_OVERHEAD_BYTES;
      return await readBytes(request, { bytes, setting: 'MAX_IMAGE_BYTES' });
    } catch (error) {
      if (error instanceof AerieError && error.code === 'PAYLOAD_TOO_LARGE') throw this.#tooLarge();
      throw error;
    }
  }

  #parser(pieces: readonly Buffer[]): RequestHandler {
    const options: Options & { readonly streamHandler: (request: Request, parser: Writable) => void } = {
      storage: multer.memoryStorage(),
      limits: {
        fileSize: this.#maxBytes,
        // One more than allowed, so that an extra file is refused by the name of its field.
        files: 2,
        fields: MAX_FIELDS,
        fieldSize: MAX_FIELD_BYTES,
        fieldNameSize: MAX_FIELD_NAME_BYTES,
        headerPairs: MAX_PART_HEADERS,
      },
      streamHandler: (_request, parser) => {
        for (const piece of pieces) parser.write(piece);
        parser.end();
      },
    };
    return multer(options).single(FILE_FIELD);
  }

  #translate(error: unknown): AerieError {
    if (!(error instanceof MulterError)) {
      return new AerieError(
        'INVALID_INPUT',
        'The multipart body cannot be read: it is damaged or truncated.',
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
      case 'LIMIT_FIELD_VALUE':
        if (error.field === FILE_FIELD) return validationError(fieldError(FILE_FIELD, NO_FILE));
        return tooLarge(
          `The field ${error.field ?? ''} of the form is longer than ${MAX_FIELD_BYTES} bytes.`,
        );
      case 'LIMIT_FIELD_KEY':
        return tooLarge(`The name of a field of the form is longer than ${MAX_FIELD_NAME_BYTES} bytes.`);
      case 'LIMIT_FIELD_COUNT':
        return tooLarge(`The form has more than ${MAX_FIELDS} fields besides the file.`);
      case 'MISSING_FIELD_NAME':
        return new AerieError('INVALID_INPUT', 'A part of the multipart body has no name.');
      default:
        return new AerieError('INVALID_INPUT', `The multipart body cannot be read: ${error.message}.`);
    }
  }

  #tooLarge(): AerieError {
    return tooLarge(`The image is larger than the limit of ${this.#maxBytes} bytes (MAX_IMAGE_BYTES).`);
  }
}

/** @param message names the limit */
function tooLarge(message: string): AerieError {
  return new AerieError('PAYLOAD_TOO_LARGE', message);
}
