import type { AddressInfo } from 'node:net';
import cluster from 'node:cluster';
import { STOP_SIGNALS, type Settings, stopOnSignal } from '@aerie/config';
import type { PinoLogger } from '@aerie/observability';
import { backgroundClock, every } from '@aerie/runtime';
import { DrainService } from '../http/drain/drain.service.js';
import type { ProcessMessage } from '../supervisor/messages.js';
import { HEARTBEAT_MS } from '../supervisor/process-watch.js';
import { createApp } from './create-app.js';

/** Runs one HTTP process until a signal asks it to stop. */
export async function serve(settings: Settings, logger: PinoLogger): Promise<void> {
  const app = await createApp(settings, logger);
  const server = app.getHttpServer();
  const { drainDelayMs, drainTimeoutMs } = settings.http;
  stopOnSignal({
    // Without its supervisor a process would run on unseen.
    events: cluster.isWorker ? ['SIGTERM', 'disconnect'] : STOP_SIGNALS,
    deadlineMs: drainDelayMs + drainTimeoutMs,
    logger,
    async stop() {
      await app.get(DrainService).drain(server);
      await app.close();
    },
  });
  await app.listen(settings.http.port, settings.http.host);
  const { port } = server.address() as AddressInfo;
  logger.info({ host: settings.http.host, port }, 'listening');
  if (!cluster.isWorker) return;
  tellSupervisor({ type: 'listening', port });
  every(backgroundClock, HEARTBEAT_MS, () => {
    tellSupervisor({ type: 'alive' });
  });
}

/** A supervisor that is gone hears nothing; its `disconnect` stops this process. */
function tellSupervisor(message: ProcessMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
