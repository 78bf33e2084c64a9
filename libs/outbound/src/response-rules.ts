import type { IncomingHttpHeaders } from 'node:http';

import { AerieError, shorten } from '@aerie/contracts';

import type { ExchangeResponse } from './exchange.js';

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Whether the body of a response to a GET is the requested content. The body of any other status is dropped.
 *
 * @throws AerieError INVALID_INPUT if it is encoded, which was not requested: decoding could make it any size
 */
export function wantsFetchedBody(status: number, headers: IncomingHttpHeaders): boolean {
  if (!isSuccessWithBody(status)) return false;
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return true;
  throw new AerieError(
    'INVALID_INPUT',
    `the URL answered with Content-Encoding ${JSON.stringify(shorten(encoding, 32))}, expected none`,
  );
}

/** The target of a redirect as written in the response, or null if the response is not a redirect. */
export function redirectLocation({ status, headers }: ExchangeResponse): string | null {
  if (!REDIRECT_STATUSES.has(status)) return null;
  // undici returns an array for a repeated header: a response with two targets has none.
  const location: unknown = headers.location;
  return typeof location === 'string' ? location : null;
}

/** @throws AerieError INVALID_INPUT with the status if the response does not have the requested content */
export function requireSuccess({ status }: ExchangeResponse, host: string): void {
  if (isSuccessWithBody(status)) return;
  throw new AerieError(
    'INVALID_INPUT',
    `${host} answered with HTTP status ${String(status)}, expected 200 and a body`,
  );
}

/** The chain of redirects is too long. */
export function tooManyRedirects(maxRedirects: number): AerieError {
  return new AerieError('INVALID_INPUT', `the URL redirects more than ${String(maxRedirects)} times`);
}

/** 204 and 205 have no body by definition. */
function isSuccessWithBody(status: number): boolean {
  return status >= 200 && status < 300 && status !== 204 && status !== 205;
}
