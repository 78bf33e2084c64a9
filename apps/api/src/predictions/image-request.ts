import { AerieError } from '@aerie/contracts';
import type { ImageSource } from '@aerie/inference';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { RequestValidationPipe } from '../http/errors/request-validation.pipe.js';
import { PredictBodyDto, PredictOptionsDto } from './dto/predict.dto.js';

/** What a predict request asks for, however it came. */
export interface ImageRequest {
  readonly source: ImageSource;
  /** 1..100 */
  readonly topK: number;
}

const validation = new RequestValidationPipe();

/**
 * Reads a predict request: a JSON body with `image_url`, or an upload in the field `image`.
 *
 * @throws AerieError VALIDATION_ERROR naming the fields.
 */
export async function readImageRequest(request: Request): Promise<ImageRequest> {
  if (request.is('multipart/form-data') === false) {
    const body = (await validation.transform(request.body, {
      type: 'body',
      metatype: PredictBodyDto,
    })) as PredictBodyDto;
    return { source: { kind: 'url', url: assertUrl(body.image_url) }, topK: body.top_k };
  }
  const body = (await validation.transform(request.body, {
    type: 'body',
    metatype: PredictOptionsDto,
  })) as PredictOptionsDto;
  if (request.file === undefined) throw invalid('image', 'image must be a file');
  return { source: { kind: 'bytes', bytes: request.file.buffer }, topK: body.top_k };
}

/** A {@link ImageRequest} as a controller's parameter. */
export const ImageBody = createParamDecorator((_: unknown, context: ExecutionContext) =>
  readImageRequest(context.switchToHttp().getRequest<Request>()),
);

/** Data URLs may be megabytes: they are parsed once, where they are decoded. */
function assertUrl(text: string): string {
  const url = text.trim();
  if (url === '') throw invalid('image_url', 'image_url must not be empty');
  if (!/^data:/i.test(url) && !URL.canParse(url)) {
    throw invalid('image_url', 'image_url must be an http(s) or data: URL');
  }
  return url;
}

function invalid(field: string, message: string): AerieError {
  return new AerieError('VALIDATION_ERROR', `The request is not valid: ${message}.`, {
    details: [{ field, message }],
  });
}
