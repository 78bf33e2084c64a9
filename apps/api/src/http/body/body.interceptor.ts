import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError, shorten } from '@aerie/contracts';
import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import type { Observable } from 'rxjs';
import { BODY_FORMAT, type BodyFormat } from './body-format.decorator.js';
import type { BodyReader } from './body.reader.js';
import { ImageFormReader } from './image-form.reader.js';
import { JsonBodyReader } from './json-body.reader.js';
import { JsonLinesBodyReader } from './json-lines-body.reader.js';

/** Reads bodies in the route's declared format, after the guards and before validation. */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  readonly #reflector: Reflector;
  readonly #readers: Readonly<Record<BodyFormat, readonly BodyReader[]>>;

  constructor(reflector: Reflector, @Inject(SETTINGS) { http, images, jobs }: Settings) {
    this.#reflector = reflector;
    const depth = http.maxJsonDepth;
    const batchLimit = { bytes: jobs.maxBatchBytes, setting: 'MAX_BATCH_BYTES' };
    const imageLimit = { bytes: http.maxPredictJsonBytes, setting: 'MAX_PREDICT_JSON_BYTES' };
    this.#readers = {
      json: [new JsonBodyReader({ bytes: http.maxJsonBytes, setting: 'MAX_JSON_BYTES' }, depth)],
      image: [new JsonBodyReader(imageLimit, depth), new ImageFormReader(images.maxBytes)],
      batch: [new JsonBodyReader(batchLimit, depth), new JsonLinesBodyReader(batchLimit, depth)],
    };
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const format = this.#reflector.get<BodyFormat | undefined>(BODY_FORMAT, context.getHandler());
    if (format !== undefined) {
      const http = context.switchToHttp();
      await read(this.#readers[format], http.getRequest<Request>(), http.getResponse<Response>());
    }
    return next.handle();
  }
}

/** @throws AerieError UNSUPPORTED_MEDIA_TYPE naming all accepted types, and errors of the reader */
async function read(readers: readonly BodyReader[], request: Request, response: Response): Promise<void> {
  // `is` returns null for a request without a body, which the first reader reads as an empty one.
  const reader = readers.find(({ types }) => request.is([...types]) !== false);
  if (reader === undefined) {
    const types = readers.flatMap((known) => known.types).join(', ');
    const came = request.headers['content-type'] ?? 'none';
    const expected = readers.length === 1 ? types : `one of ${types}`;
    throw new AerieError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Expected Content-Type ${expected}, got ${shorten(came)}.`,
    );
  }
  await reader.read(request, response);
}
