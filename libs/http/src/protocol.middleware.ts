import { AerieError, shorten } from '@aerie/contracts';
import type { NextFunction, Request, Response } from 'express';

/** host[:port] as in RFC 9110. A proxy may read anything else as another host. */
const HOST = /^(\[[\w.:%~!$&'()*+,;=-]+\]|[\w.%~!$&'()*+,;=-]*)(:\d*)?$/;

/** Refuses requests that HTTP/1.1 does not allow, or that a proxy may read differently than this server. */
export function protocolMiddleware(request: Request, response: Response, next: NextFunction): void {
  const error = faultOf(request);
  if (error === null) {
    next();
    return;
  }
  // The rest of the connection may be read differently, too.
  response.shouldKeepAlive = false;
  next(error);
}

function faultOf(request: Request): AerieError | null {
  const { headers } = request;
  const hosts = countOf('host', request.rawHeaders);
  if (hosts > 1) return new AerieError('INVALID_INPUT', 'The request has more than one Host header.');
  if (hosts === 0 && request.httpVersionMinor > 0) {
    return new AerieError('INVALID_INPUT', 'The request has no Host header, which HTTP/1.1 requires.');
  }
  if (headers.host !== undefined && !HOST.test(headers.host)) {
    return new AerieError('INVALID_INPUT', `The Host header "${shorten(headers.host)}" is not host[:port].`);
  }
  // Servers read other codings differently, which allows request smuggling.
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'chunked') {
    return new AerieError('INVALID_INPUT', 'Transfer-Encoding must be "chunked" or absent.');
  }
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    const message = `The expectation "${shorten(headers.expect)}" is not supported; only 100-continue is.`;
    return new AerieError('EXPECTATION_FAILED', message);
  }
  return null;
}

/** Node keeps only the first of two Host headers in `headers`. */
function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === name) count++;
  return count;
}
