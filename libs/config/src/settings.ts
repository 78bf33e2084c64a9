import type { RateLimitBucket } from '@aerie/contracts';
import type { RateLimit } from './parsers.js';

/** The whole configuration: validated, grouped, frozen. Times are in milliseconds, sizes in bytes. */
export interface Settings {
  readonly appName: string;
  readonly debug: boolean;
  readonly logLevel: string;
  /** Lets tests break replicas on purpose. Never on by default. */
  readonly faultInjection: boolean;
  readonly dataDir: string;
  readonly redisUrl: string | null;
  readonly databaseUrl: string | null;
  readonly jobs: JobSettings;
  readonly http: HttpSettings;
  readonly models: ModelSettings;
  readonly images: ImageSettings;
  readonly texts: { readonly maxTexts: number };
  readonly generation: GenerationSettings;
  /** Null: not limited. */
  readonly rateLimits: Readonly<Record<RateLimitBucket, RateLimit | null>>;
  /** Keys that callers must send one of. If there are none, the API is open. */
  readonly apiKeys: readonly string[];
}

/** Settings of the HTTP server. */
export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  /** HTTP processes. */
  readonly workers: number;
  /** Number of proxies whose X-Forwarded-For is trusted; 0 trusts none. */
  readonly trustedProxies: number;
  /** Host names, besides loopback's own, that a server bound to loopback answers to; lower case, without ports. */
  readonly allowedHosts: readonly string[];
  /** Origins of other sites that are exempt from the check of Origin, as browsers write them; `*` is every origin. No CORS
   * headers are sent. */
  readonly corsOrigins: readonly string[];
  readonly maxJsonBytes: number;
  /** Limit for predict and its jobs, whose bodies may hold data URLs. */
  readonly maxPredictJsonBytes: number;
  readonly maxJsonDepth: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  readonly keepAliveMs: number;
  /** Time within which a client must send its headers. */
  readonly headersTimeoutMs: number;
  /** Time within which a client must send its whole request. */
  readonly receiveTimeoutMs: number;
  /** Time that a whole request may take before it is answered with 504. */
  readonly requestTimeoutMs: number;
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
}

/** Settings of jobs, their workers and webhooks. */
export interface JobSettings {
  /** all: serve and run jobs. api: serve only. worker: run jobs only. */
  readonly role: 'all' | 'api' | 'worker';
  /** Port on which a worker process serves health and metrics. */
  readonly workerPort: number;
  /** Jobs of one task that a process runs at once; null matches the replicas. */
  readonly concurrency: number | null;
  /** How long finished jobs are kept. */
  readonly retentionMs: number;
  readonly maxFinished: number;
  /** Jobs of one task that may wait. */
  readonly maxPending: number;
  readonly maxPayloadBytes: number;
  readonly maxWorkerDeaths: number;
  readonly maxBatchItems: number;
  readonly maxBatchBytes: number;
  /** Signs webhooks whose job names no secret. */
  readonly webhookSecret: string | null;
  readonly allowedWebhookHosts: readonly string[];
  /** Password of the queue page; null disables the page. */
  readonly queuePagePassword: string | null;
}

/** Settings of models and their replicas. */
export interface ModelSettings {
  /** Absolute path of the model repository. */
  readonly path: string;
  /** Absolute paths of folders outside the repository that links in it may lead into. */
  readonly links: readonly string[];
  /** any: the server serves the models it can. all: a bad folder stops the start, and readiness waits for every model. */
  readonly requireModels: 'any' | 'all';
  readonly device: 'auto' | 'cpu' | 'gpu';
  /** Way to ONNX Runtime: its C API, or onnxruntime-node's own binding. `auto` takes the first that works. */
  readonly ortBinding: 'auto' | 'native' | 'node';
  readonly maxBatchSize: number;
  readonly maxQueueSize: number;
  /** Replicas of each version; null: by the number of cores. */
  readonly replicas: number | null;
  /** Intra-op threads of each replica; null: by the number of cores. */
  readonly intraOpThreads: number | null;
  /** Time after which a run counts as hung. */
  readonly replicaStallTimeoutMs: number;
  /** Time without a finished run, despite work, after which /health/live fails. */
  readonly livenessTimeoutMs: number;
  readonly startTimeoutMs: number;
  /** Idle time after which a lazily loaded model is unloaded; 0 keeps it. */
  readonly keepAliveMs: number;
}

/** Settings of images and of fetching them. */
export interface ImageSettings {
  readonly maxBytes: number;
  readonly maxPixels: number;
  readonly fetchTimeoutMs: number;
  readonly maxRedirects: number;
  readonly allowedHosts: readonly string[];
}

/** Settings of chat and text generation. */
export interface GenerationSettings {
  /** Model for requests that name none; null: the default of the task. */
  readonly chatModel: string | null;
  /** Time until the first piece of text, including the queue. */
  readonly firstTokenTimeoutMs: number;
  /** Time for a whole text, including the queue. */
  readonly timeoutMs: number;
  /** Silence after which a stream gets a comment, so that proxies keep it open. */
  readonly pingIntervalMs: number;
  /** Time after which a client that reads nothing from a stream is disconnected. */
  readonly streamStallTimeoutMs: number;
  /** Either one makes `gpt-4` available. If both are null, that model does not exist. */
  readonly openai: { readonly apiKey: string | null; readonly baseUrl: string | null };
}
