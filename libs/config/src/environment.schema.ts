import { MAX_TIMER_MS } from '@aerie/runtime';
import { z } from 'zod';
import { hosts, origins } from './browser-parsers.js';
import { bytes, flag, folders, integer, list, rate, seconds } from './parsers.js';

/** An address with one of the protocols. Checks that follow see only valid addresses. */
const optionalUrl = (protocols: RegExp, example: string) =>
  z.url({ protocol: protocols, error: `an address such as ${example}`, abort: true }).optional();

/** Whether an address has no part that would be dropped or logged when a path is appended to it. */
function isBare(text: string | undefined): boolean {
  if (text === undefined) return true;
  const { username, password } = new URL(text);
  return username === '' && password === '' && !/[?#]/.test(text);
}

/** Every variable that is read, by name. `.env.example` and docs/configuration.md are checked against it. */
export const environmentSchema = z.object({
  APP_NAME: z
    .string()
    .max(64, 'at most 64 characters')
    .regex(/^[\x20-\x7e]*$/, 'printable ASCII characters, because it is sent in a header')
    .default('aerie'),
  DEBUG: flag(false),
  HOST: z.string().default('127.0.0.1'),
  PORT: integer(8000, 0, 65_535),
  WORKERS: integer(1, 1, 256),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).optional(),
  TRUST_PROXY: integer(0, 0, 16),

  MODEL_PATH: z.string().default('models'),
  MODEL_LINKS: folders(),
  REQUIRE_MODELS: z.enum(['any', 'all']).default('any'),
  DEVICE: z.enum(['auto', 'cpu', 'gpu']).default('auto'),
  ORT_BINDING: z.enum(['auto', 'native', 'node']).default('auto'),
  MAX_BATCH_SIZE: integer(32, 1, 1024),
  MAX_QUEUE_SIZE: integer(256, 1, 65_536),
  REPLICAS: integer(0, 0, 256),
  INTRA_OP_THREADS: integer(0, 0, 256),
  REPLICA_STALL_TIMEOUT: seconds(10, 0.1, 3600),
  LIVENESS_TIMEOUT: seconds(30, 0.1, 3600),
  MODEL_START_TIMEOUT: seconds(120, 1, 3600),
  MODEL_KEEP_ALIVE: seconds(0, 0, Math.floor(MAX_TIMER_MS / 1000)),

  MAX_JSON_BYTES: bytes('1MB'),
  MAX_PREDICT_JSON_BYTES: bytes('28MB'),
  // Readers of bodies recurse.
  MAX_JSON_DEPTH: integer(64, 1, 1_000),
  MAX_HEADER_BYTES: bytes('16KiB'),
  MAX_CONNECTIONS: integer(10_000, 1, 1_000_000),
  KEEP_ALIVE: seconds(5, 0, 3600),
  HEADERS_TIMEOUT: seconds(10, 1, 3600),
  RECEIVE_TIMEOUT: seconds(30, 1, 3600),
  REQUEST_TIMEOUT: seconds(30, 0.05, 86_400),
  DRAIN_DELAY: seconds(0, 0, 3600),
  DRAIN_TIMEOUT: seconds(25, 0, 3600),

  MAX_IMAGE_BYTES: bytes('20MB'),
  MAX_IMAGE_PIXELS: integer(50_000_000, 1, 1_000_000_000),
  IMAGE_FETCH_TIMEOUT: seconds(10, 0.05, 600),
  IMAGE_FETCH_REDIRECTS: integer(3, 0, 20),
  ALLOWED_IMAGE_HOSTS: list(),

  MAX_EMBED_TEXTS: integer(256, 1, 4096),

  CHAT_MODEL: z.string().min(1).max(128, 'at most 128 characters').optional(),
  FIRST_TOKEN_TIMEOUT: seconds(30, 0.05, 86_400),
  GENERATION_TIMEOUT: seconds(300, 0.05, 86_400),
  STREAM_PING_INTERVAL: seconds(15, 0.05, 3600),
  STREAM_STALL_TIMEOUT: seconds(20, 0.05, 3600),
  OPENAI_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'a key without spaces')
    .optional(),
  OPENAI_BASE_URL: optionalUrl(/^https?$/, 'https://api.openai.com/v1').refine(
    isBare,
    'an address such as https://api.openai.com/v1, without user, password, query or fragment',
  ),

  RATE_LIMIT_PREDICT: rate('10/minute'),
  RATE_LIMIT_EMBED: rate('off'),
  RATE_LIMIT_CHAT: rate('off'),

  API_KEYS: list(),
  ALLOWED_HOSTS: hosts(),
  CORS_ORIGINS: origins(),
  REDIS_URL: optionalUrl(/^rediss?$/, 'redis://127.0.0.1:6379'),
  DATABASE_URL: optionalUrl(/^postgres(ql)?$/, 'postgres://user:password@127.0.0.1:5432/aerie'),
  DATA_DIR: z.string().default('data'),

  ROLE: z.enum(['all', 'api', 'worker']).default('all'),
  WORKER_PORT: integer(8001, 0, 65_535),
  JOB_CONCURRENCY: integer(0, 0, 1024),
  JOB_RETENTION: seconds(86_400, 1, 30 * 86_400),
  MAX_FINISHED_JOBS: integer(100_000, 1, 100_000_000),
  MAX_PENDING_JOBS: integer(100_000, 1, 100_000_000),
  MAX_JOB_BYTES: bytes('1MB'),
  MAX_WORKER_DEATHS: integer(5, 1, 1000),
  MAX_BATCH_ITEMS: integer(10_000, 1, 1_000_000),
  MAX_BATCH_BYTES: bytes('28MB'),
  WEBHOOK_SECRET: z.string().min(8, 'at least 8 characters').optional(),
  ALLOWED_WEBHOOK_HOSTS: list(),
  QUEUE_PAGE_PASSWORD: z.string().min(8, 'at least 8 characters').optional(),

  FAULT_INJECTION: flag(false),
});

/** The variables after validation, before they are grouped into {@link Settings}. */
export type Environment = z.infer<typeof environmentSchema>;
