import {
  type ImageRequest,
  PredictBodyDto,
  PredictOptionsDto,
  predictRestTask,
  readDto,
} from '@aerie/inference';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { isForm, uploadedFile } from '../http/body/uploaded-file.js';

/** Reads a predict request. The file of a form is used directly, not as a data URL. */
export function readImageRequest(request: Request): ImageRequest {
  if (!isForm(request)) return predictRestTask.toInput(readDto(PredictBodyDto, request.body));
  const { top_k } = readDto(PredictOptionsDto, request.body, 'text');
  return { source: { kind: 'bytes', bytes: uploadedFile(request) }, topK: top_k };
}

/** An {@link ImageRequest} as a controller's parameter. */
export const ImageBody = createParamDecorator((_: unknown, context: ExecutionContext) =>
  readImageRequest(context.switchToHttp().getRequest<Request>()),
);
