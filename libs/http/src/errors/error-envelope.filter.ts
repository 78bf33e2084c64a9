import { type AerieError, errorTableEntry } from '@aerie/contracts';
import { LOGGER, type PinoLogger } from '@aerie/observability';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { Request, Response } from 'express';
import { logFailure } from './log-failure.js';
import { ProtocolRegistry } from './protocol.registry.js';
import { toAerieError } from './to-aerie-error.js';

/** The error body that callers rely on. */
export interface ErrorEnvelope {
  readonly error: string;
  readonly message: string;
  readonly path: string;
  readonly requestId: string;
  readonly details?: readonly { readonly field: string; readonly message: string }[];
}

/** Handles every failure: one envelope, one table. */
@Catch()
export class ErrorEnvelopeFilter implements ExceptionFilter {
  readonly #logger: PinoLogger;
  readonly #protocols: Pick<ProtocolRegistry, 'of'>;

  constructor(
    @Inject(LOGGER) logger: PinoLogger,
    @Inject(ProtocolRegistry) protocols: Pick<ProtocolRegistry, 'of'>,
  ) {
    this.#logger = logger;
    this.#protocols = protocols;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = toAerieError(thrown);
    logFailure(this.#logger, error, request.context);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (response.destroyed) return;
    setRetryAfter(response, error);
    const protocol = this.#protocols.of(request.path);
    if (protocol === undefined) response.status(error.status).json(envelopeOf(error, request));
    else protocol.answerError(error, request, response);
  }
}

/** Seconds, rounded up, because an early retry would be refused again. */
export function setRetryAfter(response: Response, error: AerieError): void {
  const fallback = errorTableEntry(error.code).retryAfterSeconds;
  const seconds =
    error.retryAfterMs === undefined ? fallback : Math.max(1, Math.ceil(error.retryAfterMs / 1000));
  if (seconds !== undefined) response.setHeader('Retry-After', String(seconds));
}

function envelopeOf(error: AerieError, request: Request): ErrorEnvelope {
  return {
    error: error.code,
    message: error.message,
    path: request.path,
    requestId: request.context.id,
    ...(error.details === undefined ? {} : { details: error.details }),
  };
}
