import { describe, expect, it } from '@jest/globals';
import { defaultProviderFromSettings } from './default-provider.js';
import { providerSectionSchema } from './provider-section.schema.js';
import { toProviderOptions } from './to-provider-options.js';

const PROVIDER = { base_url: 'http://vllm.test:8000/v1', model: 'meta-llama/Llama-3' };
const noSecrets = (): null => null;

describe('the provider section of a manifest', () => {
  it('needs no more than an address and a model', () => {
    const section = providerSectionSchema.parse({ provider: PROVIDER });
    expect(section.fallbacks).toEqual([]);
    expect(toProviderOptions('llama', section, noSecrets)).toEqual({
      name: 'llama',
      baseUrl: 'http://vllm.test:8000/v1',
      apiKey: null,
      upstreamModel: 'meta-llama/Llama-3',
    });
  });

  it('reads everything, times in seconds, and the key by its name', () => {
    const section = providerSectionSchema.parse({
      provider: {
        ...PROVIDER,
        api_key_env: 'VLLM_API_KEY',
        extensions: 'vllm',
        max_tokens_field: 'max_completion_tokens',
        text_prompts: 'chat',
        connect_timeout: 1.5,
        first_token_timeout: 20,
        idle_timeout: 10,
        max_connections: 8,
        retries: 0,
        circuit: { failures: 3, failure_rate: 0.2, window: 10, open: 5 },
      },
      fallbacks: ['smollm2-135m-instruct'],
    });
    expect(toProviderOptions('llama', section, (name) => `${name}-value\n`)).toEqual({
      name: 'llama',
      baseUrl: 'http://vllm.test:8000/v1',
      apiKey: 'VLLM_API_KEY-value',
      upstreamModel: 'meta-llama/Llama-3',
      extensions: 'vllm',
      maxTokensField: 'max_completion_tokens',
      textPrompts: 'chat',
      connectTimeoutMs: 1_500,
      firstTokenTimeoutMs: 20_000,
      idleTimeoutMs: 10_000,
      maxConnections: 8,
      retries: 0,
      circuit: { failures: 3, failureRate: 0.2, window: 10, openMs: 5_000 },
    });
  });

  it('is refused when its key is not set, naming the variable', () => {
    const section = providerSectionSchema.parse({ provider: { ...PROVIDER, api_key_env: 'VLLM_API_KEY' } });
    expect(() => toProviderOptions('llama', section, noSecrets)).toThrow(
      'provider.api_key_env: VLLM_API_KEY is not set, nor is VLLM_API_KEY_FILE',
    );
  });

  it.each([
    ['an address with credentials', { provider: { ...PROVIDER, base_url: 'https://me:secret@vllm.test' } }],
    ['an address of another kind', { provider: { ...PROVIDER, base_url: 'file:///etc/passwd' } }],
    ['a key in the place of its name', { provider: { ...PROVIDER, api_key_env: 'sk-0123456789' } }],
    ['a key of its own', { provider: { ...PROVIDER, api_key: 'sk-0123456789' } }],
    ['a fallback twice', { provider: PROVIDER, fallbacks: ['a', 'a'] }],
    ['no provider', { fallbacks: ['a'] }],
  ])('refuses %s', (_, section) => {
    expect(providerSectionSchema.safeParse(section).success).toBe(false);
  });
});

describe('the provider of the settings', () => {
  it('is none without a key and an address', () => {
    expect(defaultProviderFromSettings({ baseUrl: null, apiKey: null })).toBeNull();
  });

  it('is gpt-4 of OpenAI with a key alone', () => {
    expect(defaultProviderFromSettings({ baseUrl: null, apiKey: 'k' })).toMatchObject({
      name: 'gpt-4',
      options: {
        baseUrl: 'https://api.openai.com/v1',
        apiKey: 'k',
        upstreamModel: 'gpt-4',
        textPrompts: 'chat',
      },
    });
  });

  it('is another server with an address, and no key without one', () => {
    expect(defaultProviderFromSettings({ baseUrl: 'http://vllm.test/v1', apiKey: null })).toMatchObject({
      options: { baseUrl: 'http://vllm.test/v1', apiKey: null },
    });
  });
});
