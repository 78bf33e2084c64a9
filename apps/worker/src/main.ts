import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import {
  EXIT_CONFIGURATION,
  STOP_SIGNALS,
  type Settings,
  checkStart,
  endStart,
  keepFilesPrivate,
  redactSettings,
  refuseSignals,
  settingsOrExit,
  stopOnSignal,
} from '@aerie/config';
import { DrainService, createHttpApp } from '@aerie/http';
import { type PinoLogger, createLogger } from '@aerie/observability';
import { queueBackendOf } from '@aerie/queue';
import { WorkerModule } from './worker.module.js';

keepFilesPrivate();
const settings = settingsOrExit();
const logger = createLogger({ name: `${settings.appName}-worker`, level: settings.logLevel });
if (queueBackendOf(settings).kind === 'embedded') {
  logger.fatal(
    'A separate worker needs a queue that processes share. Set REDIS_URL or DATABASE_URL here and for the server. ' +
      'Without them, the server runs its jobs itself.',
  );
  process.exit(EXIT_CONFIGURATION);
}
try {
  await checkStart(settings, 'WORKER_PORT');
  await work(settings, logger);
} catch (error) {
  endStart('the worker', error, logger);
}

async function work(settings: Settings, logger: PinoLogger): Promise<void> {
  logger.info({ settings: redactSettings(settings) }, 'starting');
  refuseSignals(logger);
  const app = await createHttpApp({ settings, logger, root: WorkerModule, guide: '/health' });
  await app.listen(settings.jobs.workerPort, settings.http.host);
  const { port } = app.getHttpServer().address() as AddressInfo;
  logger.info({ port }, 'working');
  stopOnSignal({
    events: STOP_SIGNALS,
    deadlineMs: settings.http.drainTimeoutMs,
    logger,
    async stop(signal) {
      logger.info({ signal }, 'stopping');
      // Health is served until the jobs have ended.
      app.get(DrainService, { strict: false }).begin();
      await app.close();
    },
  });
}
