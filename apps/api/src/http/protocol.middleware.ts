import { AerieError } from '@aerie/contracts';
import type { NextFunction, Request, Response } from 'express';

/**
 * Refuses what only attackers send: a Transfer-Encoding other than a plain `chunked` is read differently by
 * different proxies, which is how requests are smuggled.
 */
export function protocolMiddleware(request: Request, _response: Response, next: NextFunction): void {
  const encoding = request.headers['transfer-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'chunked') {
    next(new AerieError('INVALID_INPUT', 'Transfer-Encoding must be "chunked" or absent.'));
    return;
  }
  next();
}
