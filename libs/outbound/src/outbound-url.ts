import { isIP } from 'node:net';

import { AerieError, shorten } from '@aerie/contracts';

import type { AddressPolicy } from './address-policy.js';
import { unreachableAddress } from './fetch-errors.js';

/** Longest URL that is fetched, in characters. */
export const MAX_URL_LENGTH = 2048;

/**
 * Ports of protocols that could be attacked with an HTTP request (mail, shells, old databases).
 * Source: https://fetch.spec.whatwg.org/#port-blocking
 */
const BAD_PORTS: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** Names that mean this machine, whatever DNS says. Source: RFC 6761, section 6.3 */
const LOOPBACK_NAME = /(^|\.)localhost$/;

/** The target of a request, checked as far as possible without a connection. */
export interface OutboundTarget {
  /** Scheme, host and port: requests with the same origin share connections. */
  readonly origin: string;
  /** The host as in the URL, with brackets around IPv6; never ends in a dot. */
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  readonly url: URL;
}

/**
 * Reads a caller's URL, or the `Location` of a redirect relative to `base`.
 *
 * @throws AerieError INVALID_INPUT if it is too long, not a URL, not http or https, carries credentials, names a
 *   port of another protocol, or is a refused address or a name of loopback
 */
export function parseOutboundUrl(text: string, policy: AddressPolicy, base?: URL): OutboundTarget {
  if (text.length > MAX_URL_LENGTH) {
    throw invalid(`a URL may have ${String(MAX_URL_LENGTH)} characters, got ${String(text.length)}`);
  }
  if (!URL.canParse(text, base?.href))
    throw invalid('expected an http or https URL, got text that is not a URL');
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid(`expected an http or https URL, got the scheme ${shorten(url.protocol, 32)}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('a URL with a user name or password is not fetched; remove them');
  }
  // A trailing dot makes no difference to DNS, but it does to TLS and the list of allowed hosts.
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  const host = url.hostname;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const literal = host.startsWith('[') ? host.slice(1, -1) : host;
  if (!policy.isOpened(host, port)) {
    if (host === '' || host.endsWith('.') || LOOPBACK_NAME.test(host)) throw unreachableAddress();
    if (isIP(literal) !== 0 && !policy.permits(host, port, literal)) throw unreachableAddress();
    if (BAD_PORTS.has(port))
      throw invalid(`port ${String(port)} belongs to another protocol and is not fetched`);
  }
  return { origin: url.origin, host, port, path: url.pathname + url.search, url };
}

function invalid(message: string): AerieError {
  return new AerieError('INVALID_INPUT', message);
}
