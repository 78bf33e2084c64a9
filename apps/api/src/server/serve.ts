import type { AddressInfo } from 'node:net';
import cluster from 'node:cluster';
import { type Settings, stopOnSignal } from '@aerie/config';
import type { Logger } from '@aerie/observability';
import { DrainService } from '../http/drain/drain.service.js';
import type { ListeningMessage } from '../supervisor/messages.js';
import { createApp } from './create-app.js';

/** Runs one HTTP process until a signal asks it to stop. */
export async function serve(settings: Settings, logger: Logger): Promise<void> {
  const app = await createApp(settings, logger);
  const server = app.getHttpServer();
  const { drainDelayMs, drainTimeoutMs } = settings.http;
  stopOnSignal({
    // Without its supervisor a process would run on unseen.
    events: cluster.isWorker ? ['SIGTERM', 'disconnect'] : ['SIGTERM', 'SIGINT'],
    deadlineMs: drainDelayMs + drainTimeoutMs,
    logger,
    async stop() {
      await app.get(DrainService).drain(server);
      await app.close();
    },
  });
  // Under a supervisor Ctrl-C reaches the whole group: the supervisor passes it on as SIGTERM.
  if (cluster.isWorker) process.on('SIGINT', () => undefined);
  await app.listen(settings.http.port, settings.http.host);
  const { port } = server.address() as AddressInfo;
  logger.info({ host: settings.http.host, port }, 'listening');
  if (cluster.isWorker) process.send?.({ type: 'listening', port } satisfies ListeningMessage);
}
