import { resolve } from 'node:path';
import { ConfigurationError, type ConfigurationProblem } from './configuration.error.js';
import { type Variables, readEnvFile } from './env-file.js';
import { type Environment, environmentSchema } from './environment.schema.js';
import type { Settings } from './settings.js';
import { TextFileError, readTextFile } from '@aerie/runtime';

/** Variables whose values are never printed; each may also come from a file named by `<NAME>_FILE`. */
export const SECRETS: ReadonlySet<string> = new Set([
  'API_KEYS',
  'REDIS_URL',
  'DATABASE_URL',
  'WEBHOOK_SECRET',
  'QUEUE_PAGE_PASSWORD',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
]);

/**
 * Reads the environment and the `.env` file beside it (the environment wins), once.
 *
 * @throws ConfigurationError naming every variable that cannot be used.
 */
export function loadSettings(
  variables: Variables = process.env,
  directory: string = process.cwd(),
): Settings {
  const given = withoutBlanks({ ...readEnvFile(directory), ...variables });
  const problems: ConfigurationProblem[] = [];
  const withFiles = readSecretFiles(given, directory, problems);
  const parsed = environmentSchema.safeParse(withFiles);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0]);
      problems.push({
        name,
        expected: expectation(issue.message),
        received: printable(name, withFiles[name]),
      });
    }
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigurationError(problems);
  return deepFreeze(group(parsed.data, directory));
}

/** The settings with secrets masked, for the log. */
export function redactSettings(settings: Settings): Settings {
  return {
    ...settings,
    apiKeys: settings.apiKeys.map(() => '[redacted]'),
    redisUrl: settings.redisUrl === null ? null : redactUrl(settings.redisUrl),
    databaseUrl: settings.databaseUrl === null ? null : redactUrl(settings.databaseUrl),
    jobs: {
      ...settings.jobs,
      webhookSecret: settings.jobs.webhookSecret === null ? null : '[redacted]',
      queuePagePassword: settings.jobs.queuePagePassword === null ? null : '[redacted]',
    },
    generation: {
      ...settings.generation,
      openai: {
        apiKey: settings.generation.openai.apiKey === null ? null : '[redacted]',
        baseUrl: settings.generation.openai.baseUrl === null ? null : '[redacted]',
      },
    },
  };
}

/** An address without the parts that may hold a password. ioredis reads one from the query, too. */
function redactUrl(text: string): string {
  const { protocol, username, password, host, pathname, search } = new URL(text);
  const credentials = username === '' && password === '' ? '' : '[redacted]@';
  const database = /^\/?\d*$/.test(pathname) ? pathname : '/[redacted]';
  return `${protocol}//${credentials}${host}${database}${search === '' ? '' : '?[redacted]'}`;
}

function group(env: Environment, directory: string): Settings {
  return {
    appName: env.APP_NAME,
    debug: env.DEBUG,
    logLevel: env.LOG_LEVEL ?? (env.DEBUG ? 'debug' : 'info'),
    faultInjection: env.FAULT_INJECTION,
    dataDir: resolve(directory, env.DATA_DIR),
    redisUrl: env.REDIS_URL ?? null,
    databaseUrl: env.DATABASE_URL ?? null,
    jobs: {
      role: env.ROLE,
      workerPort: env.WORKER_PORT,
      concurrency: env.JOB_CONCURRENCY === 0 ? null : env.JOB_CONCURRENCY,
      retentionMs: env.JOB_RETENTION,
      maxFinished: env.MAX_FINISHED_JOBS,
      maxPending: env.MAX_PENDING_JOBS,
      maxPayloadBytes: env.MAX_JOB_BYTES,
      maxWorkerDeaths: env.MAX_WORKER_DEATHS,
      maxBatchItems: env.MAX_BATCH_ITEMS,
      maxBatchBytes: env.MAX_BATCH_BYTES,
      webhookSecret: env.WEBHOOK_SECRET ?? null,
      allowedWebhookHosts: env.ALLOWED_WEBHOOK_HOSTS,
      queuePagePassword: env.QUEUE_PAGE_PASSWORD ?? null,
    },
    http: {
      host: env.HOST,
      port: env.PORT,
      workers: env.WORKERS,
      trustedProxies: env.TRUST_PROXY,
      allowedHosts: env.ALLOWED_HOSTS,
      corsOrigins: env.CORS_ORIGINS,
      maxJsonBytes: env.MAX_JSON_BYTES,
      maxPredictJsonBytes: env.MAX_PREDICT_JSON_BYTES,
      maxJsonDepth: env.MAX_JSON_DEPTH,
      maxHeaderBytes: env.MAX_HEADER_BYTES,
      maxConnections: env.MAX_CONNECTIONS,
      keepAliveMs: env.KEEP_ALIVE,
      headersTimeoutMs: env.HEADERS_TIMEOUT,
      receiveTimeoutMs: env.RECEIVE_TIMEOUT,
      requestTimeoutMs: env.REQUEST_TIMEOUT,
      drainDelayMs: env.DRAIN_DELAY,
      drainTimeoutMs: env.DRAIN_TIMEOUT,
    },
    models: {
      path: resolve(directory, env.MODEL_PATH),
      links: env.MODEL_LINKS.map((folder) => resolve(directory, folder)),
      requireModels: env.REQUIRE_MODELS,
      device: env.DEVICE,
      ortBinding: env.ORT_BINDING,
      maxBatchSize: env.MAX_BATCH_SIZE,
      maxQueueSize: env.MAX_QUEUE_SIZE,
      replicas: env.REPLICAS === 0 ? null : env.REPLICAS,
      intraOpThreads: env.INTRA_OP_THREADS === 0 ? null : env.INTRA_OP_THREADS,
      replicaStallTimeoutMs: env.REPLICA_STALL_TIMEOUT,
      livenessTimeoutMs: env.LIVENESS_TIMEOUT,
      startTimeoutMs: env.MODEL_START_TIMEOUT,
      keepAliveMs: env.MODEL_KEEP_ALIVE,
    },
    images: {
      maxBytes: env.MAX_IMAGE_BYTES,
      maxPixels: env.MAX_IMAGE_PIXELS,
      fetchTimeoutMs: env.IMAGE_FETCH_TIMEOUT,
      maxRedirects: env.IMAGE_FETCH_REDIRECTS,
      allowedHosts: env.ALLOWED_IMAGE_HOSTS,
    },
    texts: { maxTexts: env.MAX_EMBED_TEXTS },
    generation: {
      chatModel: env.CHAT_MODEL ?? null,
      firstTokenTimeoutMs: env.FIRST_TOKEN_TIMEOUT,
      timeoutMs: env.GENERATION_TIMEOUT,
      pingIntervalMs: env.STREAM_PING_INTERVAL,
      streamStallTimeoutMs: env.STREAM_STALL_TIMEOUT,
      openai: { apiKey: env.OPENAI_API_KEY ?? null, baseUrl: env.OPENAI_BASE_URL ?? null },
    },
    rateLimits: {
      predict: env.RATE_LIMIT_PREDICT,
      embed: env.RATE_LIMIT_EMBED,
      chat: env.RATE_LIMIT_CHAT,
    },
    apiKeys: env.API_KEYS,
  };
}

/** An empty value means "not set", as compose files and shells write it. */
function withoutBlanks(variables: Variables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1].trim() !== '',
    ),
  );
}

function readSecretFiles(
  variables: Record<string, string>,
  directory: string,
  problems: ConfigurationProblem[],
): Record<string, string> {
  const result = { ...variables };
  for (const name of SECRETS) {
    const file = variables[`${name}_FILE`];
    if (file === undefined) continue;
    const refuse = (expected: string, received: string) => {
      problems.push({ name: `${name}_FILE`, expected, received });
    };
    if (variables[name] !== undefined) refuse(`no ${name} beside it`, 'both');
    try {
      const text = readTextFile(resolve(directory, file)).trim();
      // If an empty secret meant "not set", the server would be open.
      if (text === '') refuse('a file that is not empty', JSON.stringify(file));
      else if (name !== 'API_KEYS' && text.includes('\n')) refuse('a file of one line', JSON.stringify(file));
      else result[name] = text.replaceAll('\n', ',');
    } catch (error) {
      if (!(error instanceof TextFileError)) throw error;
      refuse('a readable file', `${JSON.stringify(file)}, ${error.message}`);
    }
  }
  return result;
}

function expectation(message: string): string {
  return message.replace(/^Invalid (input|option): expected /, '').replace(/^Invalid /, 'a valid ');
}

function printable(name: string, value: string | undefined): string {
  return SECRETS.has(name) ? '(a secret)' : JSON.stringify(value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
