import { namedModel, readDto } from '@aerie/fields';
import type { BodyLimits, RestRoute } from '@aerie/inference';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { isForm, uploadedFile } from '../http/body/uploaded-file.js';

/** The body of a request to a route, checked field by field. */
export interface RouteBody<Input> {
  /** The model that it names. */
  readonly model: string | undefined;
  /** @throws AerieError VALIDATION_ERROR for conflicting fields, or beyond a limit */
  toInput(limits: BodyLimits): Input;
}

/**
 * Reads the body of a request to a route. The file of a form is used directly, not as a data URL.
 *
 * @throws AerieError VALIDATION_ERROR naming the fields
 */
export function readRouteBody<Body extends object, Input>(
  { dto, upload, ...route }: RestRoute<string, Body, Input>,
  request: Request,
): RouteBody<Input> {
  if (upload !== undefined && isForm(request)) {
    const fields = readDto(upload.dto, request.body, 'text');
    const file = uploadedFile(request);
    return { model: namedModel(fields), toInput: () => upload.toInput(fields, file) };
  }
  const body = readDto(dto, request.body);
  return { model: namedModel(body), toInput: (limits) => route.toInput(body, limits) };
}

/** A {@link RouteBody} as a controller's parameter. */
export const BodyOf = createParamDecorator(
  (route: RestRoute<string, object, unknown>, context: ExecutionContext) =>
    readRouteBody(route, context.switchToHttp().getRequest<Request>()),
);
