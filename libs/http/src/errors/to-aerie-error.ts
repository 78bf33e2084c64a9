import { AerieError, type ErrorCode } from '@aerie/contracts';
import { HttpException } from '@nestjs/common';

/** Codes for statuses that arise outside our own code: the framework, the body parsers. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID_INPUT',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'REQUEST_TIMEOUT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'VALIDATION_ERROR',
  429: 'RATE_LIMITED',
};

/** Converts anything thrown while handling a request to the caller's error. Unknown errors reveal nothing. */
export function toAerieError(error: unknown): AerieError {
  if (error instanceof AerieError) return error;
  const status = statusOf(error);
  const code = status === undefined ? undefined : codeOf(status);
  if (code === undefined) {
    return new AerieError('INTERNAL', 'The server failed. Its log has the cause under the request id.', {
      cause: error,
    });
  }
  return new AerieError(code, messageOf(error), { cause: error });
}

/** The code of any other 4xx status, such as for a range or a precondition. */
function codeOf(status: number): ErrorCode | undefined {
  return CODE_OF_STATUS[status] ?? (status >= 400 && status < 500 ? 'INVALID_INPUT' : undefined);
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  // Express and its parsers throw plain errors with a status and `expose`.
  if (!(error instanceof Error)) return undefined;
  const { status, expose } = error as { status?: unknown; expose?: unknown };
  if (typeof status === 'number' && status < 500 && (expose === true || error instanceof URIError))
    return status;
  return undefined;
}

function messageOf(error: unknown): string {
  if (error instanceof URIError) return 'The path is not valid percent-encoding.';
  return (error as Error).message;
}
