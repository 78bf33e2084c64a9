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
  readonly rateLimits: {
    readonly predict: RateLimit | null;
    readonly embed: RateLimit | null;
    readonly chat: RateLimit | null;
  };
  /** Keys that callers must present; none: the API is open. */
  readonly apiKeys: readonly string[];
}

/** Settings of the HTTP server. */
export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  /** HTTP processes. */
  readonly workers: number;
  /** Proxies in front whose X-Forwarded-For is believed; 0 believes none. */
  readonly trustedProxies: number;
  /** Names beside loopback's own that a server bound to loopback answers to, lower case, without ports. */
  readonly allowedHosts: readonly string[];
  /** Origins of other sites whose pages may change state, as browsers write them; `*` is every origin. */
  readonly corsOrigins: readonly string[];
  readonly maxJsonBytes: number;
  /** Limit for predict and its jobs, whose bodies may hold data URLs. */
  readonly maxPredictJsonBytes: number;
  readonly maxJsonDepth: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  readonly keepAliveMs: number;
  /** Time a client has for its headers. */
  readonly headersTimeoutMs: number;
  /** Time a client has for its whole request. */
  readonly receiveTimeoutMs: number;
  /** Time a request may take in all before it is answered with 504. */
  readonly requestTimeoutMs: number;
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
}

/** Settings of jobs, their workers and webhooks. */
export interface JobSettings {
  /** all: serve and run jobs. api: serve only. worker: run jobs only. */
  readonly role: 'all' | 'api' | 'worker';
  /** Port on which a worker process tells its health. */
  readonly workerPort: number;
  /** Jobs of one kind that a process runs at once; null matches the replicas. */
  readonly concurrency: number | null;
  /** How long finished jobs are kept. */
  readonly retentionMs: number;
  readonly maxFinished: number;
  /** Jobs of one kind that may wait. */
  readonly maxPending: number;
  readonly maxPayloadBytes: number;
  readonly maxWorkerDeaths: number;
  readonly maxBatchItems: number;
  readonly maxBatchBytes: number;
  /** Signs webhooks whose request names no secret. */
  readonly webhookSecret: string | null;
  readonly allowedWebhookHosts: readonly string[];
  /** Opens the queue page; null keeps it closed. */
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
  readonly maxBatchSize: number;
  readonly maxQueueSize: number;
  /** Replicas of each version; null lets the cores decide. */
  readonly replicas: number | null;
  /** Intra-op threads of each replica; null lets the cores decide. */
  readonly intraOpThreads: number | null;
  /** A run that takes longer is taken for wedged. */
  readonly replicaStallTimeoutMs: number;
  /** A model that has work and finishes none for so long makes /health/live fail. */
  readonly livenessTimeoutMs: number;
  readonly startTimeoutMs: number;
  /** Lazily loaded models that are idle for so long are unloaded; 0 keeps them. */
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
  /** Model of requests that name none; null: the default of its task. */
  readonly chatModel: string | null;
  /** Time until the first piece of text, waiting included. */
  readonly firstTokenTimeoutMs: number;
  /** Time for a whole text, waiting included. */
  readonly timeoutMs: number;
  /** A stream that is silent for so long gets a comment, so that proxies keep it. */
  readonly pingIntervalMs: number;
  /** A stream whose reader takes nothing for so long is cut. */
  readonly streamStallTimeoutMs: number;
  /** What makes `gpt-4` callable; both null: there is no such model. Either alone is enough. */
  readonly openai: { readonly apiKey: string | null; readonly baseUrl: string | null };
}
