import type { RestRoute } from '@aerie/inference';
import { type Type, applyDecorators } from '@nestjs/common';
import {
  type ApiBody,
  ApiExtraModels,
  ApiOkResponse,
  type ApiOperationOptions,
  getSchemaPath,
} from '@nestjs/swagger';

/** A schema of the OpenAPI document. */
export type ApiSchema = Extract<Parameters<typeof ApiBody>[0], { readonly schema: unknown }>['schema'];

type RequestBody = NonNullable<ApiOperationOptions['requestBody']>;

/** A DTO, or a schema, for each content type. Of events and lines, it documents each one. */
type ContentTypes = Readonly<Record<string, Type | ApiSchema>>;

/** Documents a successful response that has several content types, or one that is not JSON. */
export const ApiContentResponse = (types: ContentTypes): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(...Object.values(types).filter(isDto)),
    ApiOkResponse({ content: contentOf(types) }),
  );

/** A request's body, by content type, for `ApiOperation`. Its DTOs are named in `ApiExtraModels`. */
export function requestBodyOf(types: ContentTypes): RequestBody {
  return { required: true, content: contentOf(types) };
}

/** The content types of a route's body. A form has its own schema. */
export function routeContent({ dto, upload }: Pick<RestRoute<string, object, unknown>, 'dto' | 'upload'>) {
  return { 'application/json': dto, ...(upload === undefined ? {} : { 'multipart/form-data': upload.form }) };
}

/** The schema of a DTO that `ApiExtraModels` names. */
export const schemaOf = (dto: Type) => ({ $ref: getSchemaPath(dto) });

function contentOf(types: ContentTypes) {
  return Object.fromEntries(
    Object.entries(types).map(([type, schema]) => [
      type,
      { schema: isDto(schema) ? schemaOf(schema) : schema },
    ]),
  );
}

function isDto(schema: Type | ApiSchema): schema is Type {
  return typeof schema === 'function';
}
