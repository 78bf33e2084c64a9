import type { Settings } from '@aerie/config';
import { type PinoLogger, Metrics, NestLogger } from '@aerie/observability';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { browserMiddleware } from './browser.middleware.js';
import { DrainService } from './drain.service.js';
import { protocolMiddleware } from './protocol.middleware.js';
import { requestMiddleware } from './request.middleware.js';
import { ServerAdapter } from './server.adapter.js';

/** Options for {@link createHttpApp}. */
export interface HttpAppOptions {
  readonly settings: Settings;
  readonly logger: PinoLogger;
  /** The root module, which imports {@link HttpModule}. */
  readonly root: { forRoot(settings: Settings, logger: PinoLogger, metrics: Metrics): DynamicModule };
  /** Path that lists the routes. A 404 names it. */
  readonly guide: string;
}

/**
 * Creates an HTTP application, which does not listen yet. All applications have the same limits, checks of requests,
 * security headers, request ids, request lines in the log, and metrics.
 */
export async function createHttpApp({
  settings,
  logger,
  root,
  guide,
}: HttpAppOptions): Promise<NestExpressApplication> {
  const metrics = new Metrics();
  metrics.collectProcessMetrics();
  const app = await NestFactory.create<NestExpressApplication>(
    root.forRoot(settings, logger, metrics),
    new ServerAdapter(settings.http, guide),
    { bodyParser: false, logger: new NestLogger(logger), abortOnError: false },
  );
  app.set('trust proxy', settings.http.trustedProxies);
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.disable('x-powered-by');
  app.use(requestMiddleware(settings, logger, metrics));
  app.use(app.get(DrainService, { strict: false }).middleware);
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: {
          // Swagger UI styles itself inline. Upgrading to https would break /docs over plain HTTP in a LAN.
          styleSrc: ["'self'", "'unsafe-inline'"],
          upgradeInsecureRequests: null,
        },
      },
    }),
  );
  app.use(protocolMiddleware);
  app.use(browserMiddleware(settings.http));
  return app;
}
