import 'reflect-metadata';
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { EXIT_CONFIGURATION, type Settings, redactSettings, settingsOrExit } from '@aerie/config';
import { createLogger, type Logger } from '@aerie/observability';
import { banner } from './server/banner.js';
import { EmbeddedQueue } from './supervisor/embedded-queue.js';
import { Supervisor } from './supervisor/supervisor.js';

/** Room for the young objects of many requests at once: they die before they are copied. Megabytes. */
const V8_FLAGS = ['--max-semi-space-size=64'];

const settings = settingsOrExit();
const logger = createLogger({ name: settings.appName, level: settings.logLevel });
if (cluster.isPrimary) await supervise(settings, logger);
else await serveOrFail(settings, logger);

async function supervise(settings: Settings, logger: Logger): Promise<void> {
  if (settings.jobs.role === 'worker') {
    logger.fatal('ROLE=worker is for the worker: start it with `npm run start:worker`.');
    process.exit(EXIT_CONFIGURATION);
  }
  logger.info({ settings: redactSettings(settings) }, 'starting');
  if (settings.faultInjection)
    logger.warn('FAULT_INJECTION is on: callers can break replicas. Never in production.');
  // Set here because a start script may have imported this file: the processes must not run that script again.
  cluster.setupPrimary({
    exec: fileURLToPath(import.meta.url),
    args: [],
    execArgv: [...process.execArgv, ...V8_FLAGS],
  });
  const queue = EmbeddedQueue.of(settings, logger);
  try {
    await queue?.claim();
  } catch (error) {
    logger.fatal(`the server cannot start: ${(error as Error).message}`);
    process.exit(EXIT_CONFIGURATION);
  }
  queue?.openBeforeServing();
  const supervisor = new Supervisor(
    settings,
    logger,
    (port) => {
      process.stdout.write(banner(settings, port));
      queue?.openNow();
    },
    queue,
  );
  process.exit(await supervisor.run());
}

async function serveOrFail(settings: Settings, logger: Logger): Promise<void> {
  try {
    // Imported here: the supervisor needs none of it and starts the sooner.
    const { serve } = await import('./server/serve.js');
    await serve(settings, logger);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.fatal({ err: error }, `the server cannot start: ${reason}`);
    process.exit(1);
  }
}
