import cluster from 'node:cluster';
import type { AddressInfo } from 'node:net';
import { STOP_SIGNALS, type Settings, stopOnSignal } from '@aerie/config';
import { DrainService, createHttpApp } from '@aerie/http';
import type { PinoLogger } from '@aerie/observability';
import { backgroundClock, every } from '@aerie/runtime';
import { AppModule } from '../app.module.js';
import { HEARTBEAT_MS } from '../supervisor/process-watch.js';
import { supervisorChannel, tellSupervisor } from '../supervisor/supervisor-channel.js';
import { servePages } from './pages.js';

/** Runs one HTTP process until a signal asks it to stop. */
export async function serve(settings: Settings, logger: PinoLogger): Promise<void> {
  const app = await createHttpApp({ settings, logger, root: AppModule, guide: '/docs' });
  servePages(app, settings);
  const server = app.getHttpServer();
  const { drainDelayMs, drainTimeoutMs } = settings.http;
  stopOnSignal({
    // Without its supervisor, a process would keep running unsupervised.
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
