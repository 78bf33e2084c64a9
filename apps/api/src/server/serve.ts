import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import cluster from 'node:cluster';
import type { Settings } from '@aerie/config';
import type { Logger } from '@aerie/observability';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DrainService } from '../http/drain/drain.service.js';
import type { ListeningMessage } from '../supervisor/messages.js';
import { createApp } from './create-app.js';

/** Runs one HTTP process until a signal asks it to stop. */
export async function serve(settings: Settings, logger: Logger): Promise<void> {
  const app = await createApp(settings, logger);
  const server = app.getHttpServer();
  stopOnSignal(app, server, settings, logger);
  await app.listen(settings.http.port, settings.http.host);
  const { port } = server.address() as AddressInfo;
  logger.info({ host: settings.http.host, port }, 'listening');
  if (cluster.isWorker) process.send?.({ type: 'listening', port } satisfies ListeningMessage);
}

function stopOnSignal(app: NestExpressApplication, server: Server, settings: Settings, logger: Logger): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    // Native code cannot be interrupted: process.exit would wait for a model's run. A signal does not.
    const { drainDelayMs, drainTimeoutMs } = settings.http;
    setTimeout(() => {
      logger.error('the drain took longer than DRAIN_TIMEOUT; ending now');
      process.kill(process.pid, 'SIGKILL');
    }, drainDelayMs + drainTimeoutMs).unref();
    void app
      .get(DrainService)
      .drain(server)
      .then(() => app.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.fatal({ err: error }, 'the stop failed');
          process.kill(process.pid, 'SIGKILL');
        },
      );
  };
  process.on('SIGTERM', stop);
  // Under a supervisor Ctrl-C reaches the whole group: the supervisor passes it on as SIGTERM.
  process.on('SIGINT', cluster.isWorker ? () => undefined : stop);
  // Without its supervisor a process would run on unseen.
  process.on('disconnect', stop);
}
