import 'reflect-metadata';
import { ConfigurationError, type Settings, loadSettings, redactSettings } from '@aerie/config';
import { JobWorkers } from '@aerie/jobs';
import { ModelRegistry } from '@aerie/model-registry';
import { type Logger, Metrics, NestLogger, createLogger } from '@aerie/observability';
import { queueBackendOf } from '@aerie/queue';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthServer } from './health-server.js';
import { WorkerModule } from './worker.module.js';

/** Exit status for a configuration that cannot be used (EX_CONFIG of sysexits.h). */
const EXIT_CONFIGURATION = 78;

const settings = readSettings();
const logger = createLogger({ name: `${settings.appName}-worker`, level: settings.logLevel });
if (queueBackendOf(settings).kind === 'embedded') {
  logger.fatal(
    'A worker of its own needs a queue that processes share: set REDIS_URL or DATABASE_URL here and for the server. ' +
      'Without them the server runs its jobs itself.',
  );
  process.exit(EXIT_CONFIGURATION);
}
try {
  await work(settings, logger);
} catch (error) {
  logger.fatal({ err: error }, 'the worker cannot start');
  process.exit(1);
}

async function work(settings: Settings, logger: Logger): Promise<void> {
  logger.info({ settings: redactSettings(settings) }, 'starting');
  const metrics = new Metrics();
  metrics.collectProcessMetrics();
  const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(settings, logger, metrics), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  const health = new HealthServer({
    workers: app.get(JobWorkers),
    registry: app.get(ModelRegistry, { strict: false }),
    metrics,
    livenessTimeoutMs: settings.models.livenessTimeoutMs,
  });
  const port = await health.listen(settings.jobs.workerPort, settings.http.host);
  logger.info({ port }, 'working');
  stopOnSignal(app, health, settings, logger);
}

function stopOnSignal(
  app: INestApplicationContext,
  health: HealthServer,
  settings: Settings,
  logger: Logger,
): void {
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    health.drain();
    // Native code cannot be interrupted: process.exit would wait for a model's run. A signal does not.
    setTimeout(() => {
      logger.error('the drain took longer than DRAIN_TIMEOUT; ending now');
      process.kill(process.pid, 'SIGKILL');
    }, settings.http.drainTimeoutMs).unref();
    void app
      .close()
      .then(() => health.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.fatal({ err: error }, 'the stop failed');
          process.kill(process.pid, 'SIGKILL');
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function readSettings(): Settings {
  try {
    return loadSettings();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
}
