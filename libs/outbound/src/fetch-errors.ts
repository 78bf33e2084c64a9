import { AerieError } from '@aerie/contracts';

/**
 * The common error for a refused address and for a name that does not resolve. They must not differ,
 * or a caller could learn which names and addresses exist in a private network.
 */
export function unreachableAddress(cause?: unknown): AerieError {
  return new AerieError(
    'INVALID_INPUT',
    'the host of the URL is not known or not allowed; use a public http or https address, or ask the operator to allow this host',
    { cause },
  );
}

/** The operation timed out. */
export function fetchTimedOut(host: string, timeoutMs: number): AerieError {
  return new AerieError('INVALID_INPUT', `${host} did not respond completely within ${String(timeoutMs)} ms`);
}

/** No connection became free in time, or too many requests wait for one. */
export function noFreeConnection(maxConnections: number): AerieError {
  return new AerieError(
    'OVERLOADED',
    `all ${String(maxConnections)} outgoing connections are in use; try again later`,
    { retryAfterMs: 1000 },
  );
}

/** The fetcher was closed. */
export function fetcherClosed(): AerieError {
  return new AerieError('SHUTTING_DOWN', 'the server is shutting down; try again');
}

/** The body exceeds the limit; `bytes` if the peer declared a size. */
export function bodyTooLarge(maxBytes: number, bytes?: number): AerieError {
  const size = bytes === undefined ? 'more' : String(bytes);
  return new AerieError(
    'INVALID_INPUT',
    `the URL answered with ${size} bytes, the limit is ${String(maxBytes)} bytes`,
  );
}

const CONNECTION_MESSAGES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection was closed before the response was complete',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the response was shorter or longer than its Content-Length',
  UND_ERR_HEADERS_OVERFLOW: 'the response has too many header bytes',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the host',
  EADDRNOTAVAIL: 'there is no route to the host',
  ETIMEDOUT: 'the connection timed out',
};

/**
 * The error for a failed exchange with a host whose address was allowed. The text of the cause
 * stays in `cause`, because it may contain our addresses.
 */
export function toFetchError(error: unknown, host: string): AerieError {
  if (error instanceof AerieError) return error;
  return new AerieError('INVALID_INPUT', `could not fetch from ${host}: ${describe(errorCode(error))}`, {
    cause: error,
  });
}

/** Whether the peer closed the connection, which it may do at any time while the connection is idle. */
export function isConnectionLoss(error: unknown): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(errorCode(error));
}

/** The `code` of a system or undici error, else an empty string. */
function errorCode(error: unknown): string {
  const isObject = typeof error === 'object' && error !== null;
  return isObject && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function describe(code: string): string {
  const known = CONNECTION_MESSAGES[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return 'the response is not valid HTTP';
  if (/CERT|ISSUER|SIGNED|SIGNATURE|CRL/.test(code)) return `its TLS certificate is not valid (${code})`;
  if (/SSL|TLS|EPROTO/.test(code)) return 'the TLS handshake failed';
  return 'the connection failed';
}
