import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import express, { type Request, type RequestHandler, type Response } from 'express';
import type { Observable } from 'rxjs';
import { BODY_FORMAT, type BodyFormat } from './body-format.decorator.js';
import { ImageUploadReader } from './image-upload.reader.js';
import { assertJsonDepth } from './json-depth.js';

type Reader = (request: Request, response: Response) => Promise<void>;

/** Reads bodies by the format that the route asks for, after the guards and before validation. */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  readonly #reflector: Reflector;
  readonly #readers: Readonly<Record<BodyFormat, Reader>>;

  constructor(reflector: Reflector, @Inject(SETTINGS) { http, images }: Settings) {
    this.#reflector = reflector;
    const upload = new ImageUploadReader(images.maxBytes);
    const large = jsonReader(http.maxPredictJsonBytes, http.maxJsonDepth);
    this.#readers = {
      json: jsonReader(http.maxJsonBytes, http.maxJsonDepth),
      image: (request, response) =>
        request.is('multipart/form-data') === false
          ? large(request, response)
          : upload.read(request, response),
    };
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const format = this.#reflector.get<BodyFormat | undefined>(BODY_FORMAT, context.getHandler());
    if (format !== undefined) {
      const http = context.switchToHttp();
      await this.#readers[format](http.getRequest<Request>(), http.getResponse<Response>());
    }
    return next.handle();
  }
}

function jsonReader(limit: number, maxDepth: number): Reader {
  // Compressed bodies are refused: they turn a small request into a large one, and Node 20's br decoder is unsafe.
  const parse = express.json({ limit, inflate: false, strict: true });
  return async (request, response) => {
    if (request.is('application/json') === false) {
      const came = request.headers['content-type'] ?? 'none';
      throw new AerieError('UNSUPPORTED_MEDIA_TYPE', `Expected Content-Type application/json, got ${came}.`);
    }
    await runMiddleware(parse, request, response).catch((error: unknown) => {
      throw describe(error, limit);
    });
    if (request.body === undefined) request.body = {};
    assertJsonDepth(request.body, maxDepth);
  };
}

/** Runs an Express middleware as a promise. */
export function runMiddleware(
  middleware: RequestHandler,
  request: Request,
  response: Response,
): Promise<void> {
  return new Promise((resolve, reject) => {
    void middleware(request, response, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(error as Error);
    });
  });
}

function describe(error: unknown, limit: number): unknown {
  switch ((error as { type?: unknown }).type) {
    case 'entity.too.large':
      return new AerieError(
        'PAYLOAD_TOO_LARGE',
        `The body is larger than the limit of ${String(limit)} bytes.`,
      );
    case 'entity.parse.failed':
      return new AerieError('INVALID_INPUT', `The body is not valid JSON: ${(error as Error).message}.`);
    case 'encoding.unsupported':
      return new AerieError(
        'UNSUPPORTED_MEDIA_TYPE',
        'Content-Encoding is not supported: send the body as it is.',
      );
    case 'request.aborted':
      return new AerieError('CANCELED', 'The caller left before the body was complete.');
    default:
      return error;
  }
}
