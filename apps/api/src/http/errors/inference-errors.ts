import type { ErrorCode } from '@aerie/contracts';

/** Errors of routes that run a model. */
export const INFERENCE_ERRORS = [
  'INVALID_INPUT',
  'UNAUTHORIZED',
  'MODEL_NOT_FOUND',
  'MODEL_VERSION_NOT_FOUND',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'VALIDATION_ERROR',
  'RATE_LIMITED',
  'OVERLOADED',
  'MODEL_NOT_LOADED',
  'WORKER_LOST',
  'SHUTTING_DOWN',
  'TIMEOUT',
] as const satisfies readonly ErrorCode[];

/** Errors of routes that answer with text, which may come from an upstream. */
export const TEXT_ERRORS = [
  ...INFERENCE_ERRORS,
  'CONTEXT_LENGTH_EXCEEDED',
  'UPSTREAM_ERROR',
] as const satisfies readonly ErrorCode[];
