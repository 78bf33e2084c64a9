import { SETTINGS, type Settings } from '@aerie/config';
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
import { ImageUploadReader } from './image-upload.reader.js';
import { JsonBodyReader } from './json-body.reader.js';

/** Reads bodies by the format that the route asks for, after the guards and before validation. */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  readonly #reflector: Reflector;
  readonly #json: JsonBodyReader;
  readonly #largeJson: JsonBodyReader;
  readonly #upload: ImageUploadReader;

  constructor(reflector: Reflector, @Inject(SETTINGS) { http, images }: Settings) {
    this.#reflector = reflector;
    this.#json = new JsonBodyReader({ maxBytes: http.maxJsonBytes, maxDepth: http.maxJsonDepth });
    this.#largeJson = new JsonBodyReader({ maxBytes: http.maxPredictJsonBytes, maxDepth: http.maxJsonDepth });
    this.#upload = new ImageUploadReader(images.maxBytes);
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const format = this.#reflector.get<BodyFormat | undefined>(BODY_FORMAT, context.getHandler());
    const http = context.switchToHttp();
    if (format !== undefined)
      await this.#read(format, http.getRequest<Request>(), http.getResponse<Response>());
    return next.handle();
  }

  async #read(format: BodyFormat, request: Request, response: Response): Promise<void> {
    switch (format) {
      case 'json':
        request.body = await this.#json.read(request);
        return;
      case 'image':
        if (request.is('multipart/form-data') === false) request.body = await this.#largeJson.read(request);
        else await this.#upload.read(request, response);
    }
  }
}
