import type { UpstreamOptions } from '../upstream-options.js';

/** The model that OPENAI_API_KEY makes available. It never becomes a default. */
export const DEFAULT_UPSTREAM_NAME = 'gpt-4';

const OPENAI = 'https://api.openai.com/v1';

/** Settings of the upstream without a manifest. `generation` of the server's settings fits. */
export interface DefaultUpstreamSettings {
  readonly openai: {
    /** OPENAI_BASE_URL. */
    readonly baseUrl: string | null;
    /** OPENAI_API_KEY. */
    readonly apiKey: string | null;
  };
  readonly firstTokenTimeoutMs: number;
}

/** An entry of the registry without a folder. */
export interface UpstreamEntry {
  readonly name: string;
  readonly options: UpstreamOptions;
  readonly fallbacks: readonly string[];
}

/**
 * The entry `gpt-4`, or null if neither setting is set; then `gpt-4` is unknown. A key alone means OpenAI; an address
 * alone means a server that requires no key.
 */
export function defaultUpstreamFromSettings({
  openai: { baseUrl, apiKey },
  firstTokenTimeoutMs,
}: DefaultUpstreamSettings): UpstreamEntry | null {
  if (baseUrl === null && apiKey === null) return null;
  return {
    name: DEFAULT_UPSTREAM_NAME,
    options: {
      name: DEFAULT_UPSTREAM_NAME,
      baseUrl: baseUrl ?? OPENAI,
      apiKey,
      upstreamModel: DEFAULT_UPSTREAM_NAME,
      firstTokenTimeoutMs,
      // OpenAI serves gpt-4 only on the chat route.
      textPrompts: 'chat',
    },
    fallbacks: [],
  };
}
