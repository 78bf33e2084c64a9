import 'reflect-metadata';
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
import { ModelRegistry } from '@aerie/model-registry';
import { type PinoLogger, Metrics, NestLogger, createLogger, registerJobMetrics } from '@aerie/observability';
import { JobProcessors, queueBackendOf } from '@aerie/queue';
import { NestFactory } from '@nestjs/core';
import { HealthServer } from './health-server.js';
import { WorkerModule } from './worker.module.js';

keepFilesPrivate();
const settings = settingsOrExit();
const logger = createLogger({ name: `${settings.appName}-worker`, level: settings.logLevel });
if (queueBackendOf(settings).kind === 'embedded') {
  logger.fatal(
    'A worker of its own needs a queue that processes share: set REDIS_URL or DATABASE_URL here and for the server. ' +
      'Without them the server runs its jobs itself.',
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
  const metrics = new Metrics();
  metrics.collectProcessMetrics();
  const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(settings, logger, metrics), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  const processors = app.get(JobProcessors);
  registerJobMetrics(metrics.registry, async () =>
    (await processors.health()).tasks.map((task) => ({
      task: task.task,
      running: task.running,
      pending: task.pending,
      oldestWaitingMs: task.oldest_waiting_ms,
      lastCompletionAt: task.last_completion_at === null ? null : Date.parse(task.last_completion_at),
    })),
  );
  const health = new HealthServer({
    workers: processors,
    registry: app.get(ModelRegistry, { strict: false }),
    metrics,
    livenessTimeoutMs: settings.models.livenessTimeoutMs,
  });
  const port = await health.listen(settings.jobs.workerPort, settings.http.host);
  logger.info({ port }, 'working');
  stopOnSignal({
    events: STOP_SIGNALS,
    deadlineMs: settings.http.drainTimeoutMs,
    logger,
    async stop(signal) {
      logger.info({ signal }, 'stopping');
      health.drain();
      await app.close();
      await health.close();
    },
  });
}
