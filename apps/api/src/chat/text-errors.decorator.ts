import { ApiErrors } from '@aerie/http';
import { applyDecorators } from '@nestjs/common';

/** Documents the errors of routes that answer with text. */
export const TextErrors = (): MethodDecorator =>
  applyDecorators(
    ApiErrors('INVALID_INPUT', 'CONTEXT_LENGTH_EXCEEDED', 'UNAUTHORIZED', 'MODEL_NOT_FOUND'),
    ApiErrors('MODEL_VERSION_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR'),
    ApiErrors('RATE_LIMITED', 'OVERLOADED', 'MODEL_NOT_LOADED', 'WORKER_LOST', 'SHUTTING_DOWN', 'TIMEOUT'),
  );
