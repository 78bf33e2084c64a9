import type { Clock, Logger } from '@aerie/runtime';
import type { CircuitOptions } from './circuit/circuit-breaker.js';

/** Options for a model on an upstream. */
export interface UpstreamOptions {
  /** Name of the entry, for messages. */
  readonly name: string;
  /** Base URL of the API, such as `https://api.openai.com/v1`: http or https, without credentials. */
  readonly baseUrl: string;
  /** Sent as a bearer token; null sends none. */
  readonly apiKey: string | null;
  /** Name of the model at the upstream. */
  readonly upstreamModel: string;
  /** Sampling parameters beyond OpenAI's that the upstream supports. Default: none, and such requests are refused. */
  readonly extensions?: 'vllm';
  /** The field that limits the answer's tokens. OpenAI's reasoning models accept only the second. Default `max_tokens`. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** The route for plain prompts; `chat` sends them as a user's message. Default `completions`. */
  readonly textPrompts?: 'completions' | 'chat';
  /** Time to open a connection, including TLS. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Time from the request to the first sign of an answer, including retries. */
  readonly firstTokenTimeoutMs: number;
  /** Longest silence between two pieces of an answer. Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** Maximum concurrent requests, and thus connections; further ones are refused with OVERLOADED. Default 256. */
  readonly maxConnections?: number;
  /** Further attempts if no part of an answer has arrived. Default 2. */
  readonly retries?: number;
  /** Longest Retry-After of an upstream that is respected; after a longer one there is no retry. Default 5,000. */
  readonly maxRetryAfterMs?: number;
  /** When requests to the upstream pause. */
  readonly circuit?: CircuitOptions;
}

/** Dependencies of an {@link OpenAiModel}. */
export interface UpstreamPorts {
  /** Its lines name the model. */
  readonly logger: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** From 0 up to 1, for the jitter of pauses. Default `Math.random`. */
  readonly random?: () => number;
}

/** {@link UpstreamOptions} with every default filled in. */
export type ResolvedUpstreamOptions = Required<Omit<UpstreamOptions, 'extensions' | 'circuit'>> & {
  readonly extensions: 'vllm' | null;
};

/** Fills in the defaults. */
export function resolveUpstreamOptions(options: UpstreamOptions): ResolvedUpstreamOptions {
  return {
    name: options.name,
    baseUrl: options.baseUrl,
    apiKey: options.apiKey,
    upstreamModel: options.upstreamModel,
    extensions: options.extensions ?? null,
    maxTokensField: options.maxTokensField ?? 'max_tokens',
    textPrompts: options.textPrompts ?? 'completions',
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    firstTokenTimeoutMs: options.firstTokenTimeoutMs,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
    maxConnections: options.maxConnections ?? 256,
    retries: options.retries ?? 2,
    maxRetryAfterMs: options.maxRetryAfterMs ?? 5_000,
  };
}
