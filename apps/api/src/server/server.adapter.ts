import { createServer } from 'node:http';
import type { HttpSettings } from '@aerie/config';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, RequestHandler } from 'express';
import { answerClientErrors } from '../http/errors/client-error.js';
import { answerOtherMethods } from './allowed-methods.js';

/** How often Node checks for connections that have timed out, in milliseconds. */
const TIMEOUT_CHECK_MS = 1000;

/** Express on an HTTP server with limits on headers, time and connections. */
export class ServerAdapter extends ExpressAdapter {
  readonly #settings: HttpSettings;

  constructor(settings: HttpSettings) {
    super();
    this.#settings = settings;
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

  override setNotFoundHandler(handler: RequestHandler): void {
    super.setNotFoundHandler(answerOtherMethods(this.getInstance<Express>(), handler));
  }
}
