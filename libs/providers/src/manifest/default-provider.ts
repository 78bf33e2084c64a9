import type { ProviderOptions } from '../provider-options.js';

/** The model that OPENAI_API_KEY makes available. It never becomes a default. */
export const DEFAULT_PROVIDER_NAME = 'gpt-4';

const OPENAI = 'https://api.openai.com/v1';

/** Settings of the upstream without a manifest. */
export interface DefaultProviderSettings {
  /** OPENAI_BASE_URL. */
  readonly baseUrl: string | null;
  /** OPENAI_API_KEY. */
  readonly apiKey: string | null;
}

/** An entry of the registry without a folder. */
export interface ProviderEntry {
  readonly name: string;
  readonly options: ProviderOptions;
  readonly fallbacks: readonly string[];
}

/**
 * The entry `gpt-4`, or null without a provider: then `gpt-4` is unknown. A key alone means OpenAI, an address
 * alone a server that requires no key.
 */
export function defaultProviderFromSettings({
  baseUrl,
  apiKey,
}: DefaultProviderSettings): ProviderEntry | null {
  if (baseUrl === null && apiKey === null) return null;
  return {
    name: DEFAULT_PROVIDER_NAME,
    options: {
      name: DEFAULT_PROVIDER_NAME,
      baseUrl: baseUrl ?? OPENAI,
      apiKey,
      upstreamModel: DEFAULT_PROVIDER_NAME,
      // OpenAI serves it only on the chat route.
      textPrompts: 'chat',
    },
    fallbacks: [],
  };
}
