import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';

const ASSETS = fileURLToPath(new URL('../../assets/', import.meta.url));

/** The status page at `/`: state of the server and its models, refreshed every two seconds, and a form to try an image. */
export function serveStatusPage(app: NestExpressApplication): void {
  app.useStaticAssets(ASSETS, { prefix: '/assets/', index: false, maxAge: '10m' });
  const express = app.getHttpAdapter().getInstance();
  express.get('/', (_request: Request, response: Response) => {
    response.sendFile('index.html', { root: ASSETS });
  });
}
