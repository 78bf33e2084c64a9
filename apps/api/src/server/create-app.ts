import { fileURLToPath } from 'node:url';
import type { Settings } from '@aerie/config';
import { type PinoLogger, Metrics, NestLogger } from '@aerie/observability';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import helmet from 'helmet';
import { AppModule } from '../app.module.js';
import { browserMiddleware } from '../http/browser.middleware.js';
import { DrainService } from '../http/drain/drain.service.js';
import { protocolMiddleware } from '../http/protocol.middleware.js';
import { requestMiddleware } from '../http/request.middleware.js';
import { serveQueuePage } from '../jobs/queue-page.js';
import { serveOpenApi } from './openapi.js';
import { ServerAdapter } from './server.adapter.js';

const ASSETS = fileURLToPath(new URL('../../assets/', import.meta.url));

/** Puts the server together; it does not listen yet. */
export async function createApp(settings: Settings, logger: PinoLogger): Promise<NestExpressApplication> {
  const metrics = new Metrics();
  metrics.collectProcessMetrics();
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(settings, logger, metrics),
    new ServerAdapter(settings.http),
    { bodyParser: false, logger: new NestLogger(logger), abortOnError: false },
  );
  app.set('trust proxy', settings.http.trustedProxies);
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.disable('x-powered-by');
  app.use(requestMiddleware(settings, logger, metrics));
  app.use(app.get(DrainService).middleware);
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
  serveQueuePage(app, settings);
  serveOpenApi(app, settings);
  serveStatusPage(app);
  return app;
}

/** The status page at `/`: state of the server and its models, refreshed every two seconds, and a form to try an image. */
function serveStatusPage(app: NestExpressApplication): void {
  app.useStaticAssets(ASSETS, { prefix: '/assets/', index: false, maxAge: '10m' });
  const express = app.getHttpAdapter().getInstance();
  express.get('/', (_request: Request, response: Response) => {
    response.sendFile('index.html', { root: ASSETS });
  });
}
