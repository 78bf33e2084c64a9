import cluster from 'node:cluster';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { STOP_SIGNALS, type Settings, stopOnSignal } from '@aerie/config';
import { DrainService, createHttpApp } from '@aerie/http';
import type { PinoLogger } from '@aerie/observability';
import { backgroundClock, every } from '@aerie/runtime';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { AppModule } from '../app.module.js';
import { serveQueuePage } from '../jobs/queue-page.js';
import { HEARTBEAT_MS } from '../supervisor/process-watch.js';
import { supervisorChannel, tellSupervisor } from '../supervisor/supervisor-channel.js';
import { serveOpenApi } from './openapi.js';

const ASSETS = fileURLToPath(new URL('../../assets/', import.meta.url));

/** Runs one HTTP process until a signal asks it to stop. */
export async function serve(settings: Settings, logger: PinoLogger): Promise<void> {
  const app = await createHttpApp({ settings, logger, root: AppModule, guide: '/docs' });
  serveQueuePage(app, settings);
  serveOpenApi(app, settings);
  serveStatusPage(app);
  const server = app.getHttpServer();
  const { drainDelayMs, drainTimeoutMs } = settings.http;
  stopOnSignal({
    // Without its supervisor a process would run on unseen.
    events: cluster.isWorker ? ['SIGTERM', 'disconnect'] : STOP_SIGNALS,
    deadlineMs: drainDelayMs + drainTimeoutMs,
    logger,
    async stop() {
      await app.get(DrainService, { strict: false }).drain(server);
      await app.close();
    },
  });
  await app.listen(settings.http.port, settings.http.host);
  const { port } = server.address() as AddressInfo;
  logger.info({ host: settings.http.host, port }, 'listening');
  const supervisor = supervisorChannel();
  if (supervisor === null) return;
  tellSupervisor(supervisor, { type: 'listening', port });
  every(backgroundClock, HEARTBEAT_MS, () => {
    tellSupervisor(supervisor, { type: 'alive' });
  });
}

/** The status page at `/`: state of the server and its models, refreshed every two seconds, and a form to try an image. */
function serveStatusPage(app: NestExpressApplication): void {
  app.useStaticAssets(ASSETS, { prefix: '/assets/', index: false, maxAge: '10m' });
  const express = app.getHttpAdapter().getInstance();
  express.get('/', (_request: Request, response: Response) => {
    response.sendFile('index.html', { root: ASSETS });
  });
}
