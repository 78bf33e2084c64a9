import { createServer } from 'node:http';
import type { HttpSettings } from '@aerie/config';
import { AerieError, shorten } from '@aerie/contracts';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { answerClientErrors } from './errors/client-error.js';

/** How often Node checks for connections that have timed out, in milliseconds. */
const TIMEOUT_CHECK_MS = 1000;

/** Express on an HTTP server with limits on headers, time and connections. */
export class ServerAdapter extends ExpressAdapter {
  readonly #settings: HttpSettings;
  readonly #guide: string;

  /** @param guide path that lists the routes */
  constructor(settings: HttpSettings, guide: string) {
    super();
    this.#settings = settings;
    this.#guide = guide;
  }

  override initHttpServer(_options: NestApplicationOptions): void {
    const settings = this.#settings;
    const server = createServer(
      {
        maxHeaderSize: settings.maxHeaderBytes,
        headersTimeout: settings.headersTimeoutMs,
        requestTimeout: Math.max(settings.receiveTimeoutMs, settings.headersTimeoutMs),
        keepAliveTimeout: settings.keepAliveMs,
        connectionsCheckingInterval: TIMEOUT_CHECK_MS,
        noDelay: true,
        // Answered with the envelope by protocolMiddleware, like other expectations below.
        requireHostHeader: false,
      },
      this.getInstance<Parameters<typeof createServer>[1] & object>(),
    );
    server.maxConnections = settings.maxConnections;
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    answerClientErrors(server);
    this.httpServer = server;
  }

  /** Also closes connections that clients keep, or opened without a request. */
  override close(): Promise<unknown> | undefined {
    this.httpServer.closeAllConnections();
    return super.close();
  }

  override setNotFoundHandler(): void {
    super.setNotFoundHandler(answerOtherMethods(this.getInstance<Express>(), this.#guide));
  }
}

/** A method of the router that is missing in its types. */
type Layer = Express['router']['stack'][number] & { match(path: string): unknown };

/**
 * Answers requests without a route. If a route has the same path but another method, the answer is 405 with Allow, or for
 * OPTIONS only Allow. Everything else is 404.
 */
function answerOtherMethods(app: Express, guide: string): RequestHandler {
  return (request: Request, response: Response, next: NextFunction): void => {
    const allowed = allowedMethods(app, request.path);
    if (allowed.length === 0) {
      next(new AerieError('NOT_FOUND', `No route ${request.method} ${shorten(request.path)}. See ${guide}.`));
      return;
    }
    response.setHeader('Allow', allowed.join(', '));
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    const message = `${request.method} is not allowed for this path. Allowed: ${allowed.join(', ')}.`;
    next(new AerieError('METHOD_NOT_ALLOWED', message));
  };
}

/** The methods in the router's table. The router's own answer to OPTIONS lists them too, but Nest's last handler precedes it. */
function allowedMethods({ router }: Express, path: string): readonly string[] {
  const methods = (router.stack as Layer[])
    .filter((layer) => layer.route !== undefined && layer.match(path) !== false)
    .flatMap(({ route }) => route?.stack.map(({ method }) => method.toUpperCase()) ?? []);
  if (methods.length === 0) return [];
  return [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort();
}
