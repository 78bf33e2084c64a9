import 'reflect-metadata';
import cluster from 'node:cluster';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  ConfigurationError,
  EXIT_CONFIGURATION,
  STOP_SIGNALS,
  type Settings,
  checkStart,
  endStart,
  keepFilesPrivate,
  modelScanFile,
  prepareDataDirectory,
  redactSettings,
  refuseSignals,
  settingsOrExit,
} from '@aerie/config';
import { createLogger, type PinoLogger } from '@aerie/observability';
import { DataDirInUseError } from '@aerie/queue';
import { banner } from './server/banner.js';
import { EmbeddedQueue } from './supervisor/embedded-queue.js';
import { Supervisor } from './supervisor/supervisor.js';

/** Megabytes for the young objects of many concurrent requests, so that they are collected before they are copied. */
const V8_FLAGS = ['--max-semi-space-size=64'];

keepFilesPrivate();
const settings = settingsOrExit();
const logger = createLogger({ name: settings.appName, level: settings.logLevel });
if (cluster.isPrimary) await supervise(settings, logger);
else await serveOrFail(settings, logger);

async function supervise(settings: Settings, logger: PinoLogger): Promise<void> {
  if (settings.jobs.role === 'worker') {
    logger.fatal('ROLE=worker is for the worker; start it with `npm run start:worker`.');
    process.exit(EXIT_CONFIGURATION);
  }
  logger.info({ settings: redactSettings(settings) }, 'starting');
  if (settings.faultInjection)
    logger.warn('FAULT_INJECTION is on: callers can break replicas. Never in production.');
  // A start script may have imported this file, and the processes must not run that script again.
  cluster.setupPrimary({
    exec: fileURLToPath(import.meta.url),
    args: [],
    execArgv: [...process.execArgv, ...V8_FLAGS],
  });
  const queue = await prepare(settings, logger);
  const scanFile = modelScanFile(settings, process.pid);
  rmSync(scanFile, { force: true });
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
  const exitCode = await supervisor.run();
  rmSync(scanFile, { force: true });
  process.exit(exitCode);
}

/** Performs all checks that can stop the start before anything is served. */
async function prepare(settings: Settings, logger: PinoLogger): Promise<EmbeddedQueue | null> {
  try {
    await checkStart(settings, 'PORT');
    const queue = EmbeddedQueue.of(settings, logger);
    if (queue === null) return null;
    if (settings.jobs.role === 'api') throw withoutWorkers();
    prepareDataDirectory(settings.dataDir, [process.cwd(), settings.models.path]);
    await queue.claim();
    return queue;
  } catch (error) {
    endStart('the server', error instanceof DataDirInUseError ? inUse(settings, error) : error, logger);
  }
}

/** Worker processes cannot reach the embedded queue, so its jobs would wait forever. */
function withoutWorkers(): ConfigurationError {
  const expected = 'all, or REDIS_URL or DATABASE_URL, through which worker processes get the jobs';
  return new ConfigurationError([
    { name: 'ROLE', expected, received: 'api, but nothing would run its jobs' },
  ]);
}

function inUse({ dataDir }: Settings, { message }: DataDirInUseError): ConfigurationError {
  return new ConfigurationError([
    { name: 'DATA_DIR', expected: 'a folder that no other server uses', received: `${dataDir}. ${message}` },
  ]);
}

async function serveOrFail(settings: Settings, logger: PinoLogger): Promise<void> {
  refuseSignals(logger);
  // A terminal sends its signals to the whole process group; the supervisor passes them on as SIGTERM.
  for (const signal of STOP_SIGNALS) if (signal !== 'SIGTERM') process.on(signal, () => undefined);
  try {
    // Imported here, so that the supervisor, which does not need it, starts sooner.
    const { serve } = await import('./server/serve.js');
    await serve(settings, logger);
  } catch (error) {
    endStart('the server', error, logger);
  }
}
