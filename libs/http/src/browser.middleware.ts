import { BlockList, isIP } from 'node:net';
import { type HttpSettings, hostNameOf } from '@aerie/config';
import { AerieError, shorten } from '@aerie/contracts';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** Methods that change nothing. The browser keeps their responses from other sites. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

type BrowserSettings = Pick<HttpSettings, 'host' | 'allowedHosts' | 'corsOrigins'>;

/**
 * Refuses requests that pages of other sites make a browser send. Programs do not send these headers and are not
 * affected.
 *
 * - A server bound to loopback must be called by a loopback name. Another name in Host belongs to a page that has pointed
 *   it at 127.0.0.1 to read responses (DNS rebinding).
 * - A request that changes state must come from one of our own pages or from an origin in CORS_ORIGINS.
 */
export function browserMiddleware(settings: BrowserSettings): RequestHandler {
  const refusesHost = isLoopback(hostNameOf(settings.host))
    ? hostCheck(new Set(settings.allowedHosts))
    : () => false;
  const origins = new Set(settings.corsOrigins);
  return (request: Request, _response: Response, next: NextFunction): void => {
    if (refusesHost(request.headers.host)) {
      next(
        new AerieError(
          'FORBIDDEN',
          `The server listens on loopback and does not answer to the host "${shorten(String(request.headers.host))}" (ALLOWED_HOSTS).`,
        ),
      );
    } else if (!SAFE_METHODS.has(request.method) && isCrossSite(request, origins)) {
      next(
        new AerieError(
          'FORBIDDEN',
          `A page of another site sent this request: its origin is ${shorten(request.get('origin') ?? 'not given')} (CORS_ORIGINS).`,
        ),
      );
    } else next();
  };
}

/** HTTP/1.0 has no Host header, and no browser uses it. */
function hostCheck(allowed: ReadonlySet<string>): (host: string | undefined) => boolean {
  return (host) => {
    if (host === undefined) return false;
    const name = hostNameOf(host);
    return name === null || !(isLoopback(name) || allowed.has(name));
  };
}

function isLoopback(name: string | null): boolean {
  if (name === null) return false;
  const version = isIP(name);
  if (version !== 0) return LOOPBACK.check(name, version === 4 ? 'ipv4' : 'ipv6');
  return name === 'localhost' || name.endsWith('.localhost');
}

/** Source: https://www.w3.org/TR/fetch-metadata; scripts can set neither header. */
function isCrossSite(request: Request, origins: ReadonlySet<string>): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origins.has('*') || (origin !== undefined && origins.has(origin))) return false;
  // The browser compares the addresses that it sees. A proxy may have rewritten those of the request.
  if (site === 'same-origin') return false;
  return site === 'cross-site' || (origin !== undefined && !isOwn(origin, request));
}

/** Whether the page came from the host that the request was sent to. Only the proxy knows which scheme it had. */
function isOwn(origin: string, request: Request): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  // Express trusts X-Forwarded-Host as far as TRUST_PROXY allows.
  const own = `${protocol}//${request.host}`;
  return host !== '' && URL.canParse(own) && new URL(own).host === host;
}
