import { describe, expect, it } from '@jest/globals';
import { defaultUpstreamFromSettings } from './default-upstream.js';
import { upstreamSectionSchema } from './upstream-section.schema.js';
import { toUpstreamOptions } from './to-upstream-options.js';

const PROVIDER = { base_url: 'http://vllm.test:8000/v1', model: 'meta-llama/Llama-3' };
const noSecrets = (): null => null;

const DEFAULTS = { firstTokenTimeoutMs: 7_000 };

describe('the provider section of a manifest', () => {
  it('needs only an address and a model', () => {
    const section = upstreamSectionSchema.parse({ provider: PROVIDER });
    expect(section.fallbacks).toEqual([]);
    expect(toUpstreamOptions('llama', section, noSecrets, DEFAULTS)).toEqual({
      name: 'llama',
      baseUrl: 'http://vllm.test:8000/v1',
      apiKey: null,
      upstreamModel: 'meta-llama/Llama-3',
      firstTokenTimeoutMs: 7_000,
    });
  });

  it('reads every field, times in seconds and the key by the name of its variable', () => {
    const section = upstreamSectionSchema.parse({
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
    expect(toUpstreamOptions('llama', section, (name) => `${name}-value\n`, DEFAULTS)).toEqual({
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

  it('is refused if its key is not set, and the error names the variable', () => {
    const section = upstreamSectionSchema.parse({ provider: { ...PROVIDER, api_key_env: 'VLLM_API_KEY' } });
    expect(() => toUpstreamOptions('llama', section, noSecrets, DEFAULTS)).toThrow(
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
    expect(upstreamSectionSchema.safeParse(section).success).toBe(false);
  });
});

describe('the upstream of the settings', () => {
  it('does not exist without a key and an address', () => {
    expect(defaultUpstreamFromSettings({ openai: { baseUrl: null, apiKey: null }, ...DEFAULTS })).toBeNull();
  });

  it('is gpt-4 of OpenAI if only a key is set', () => {
    expect(
      defaultUpstreamFromSettings({ openai: { baseUrl: null, apiKey: 'k' }, ...DEFAULTS }),
    ).toMatchObject({
      name: 'gpt-4',
      options: {
        baseUrl: 'https://api.openai.com/v1',
        apiKey: 'k',
        upstreamModel: 'gpt-4',
        textPrompts: 'chat',
        firstTokenTimeoutMs: 7_000,
      },
    });
  });

  it('is another server if an address is set, with or without a key', () => {
    expect(
      defaultUpstreamFromSettings({ openai: { baseUrl: 'http://vllm.test/v1', apiKey: null }, ...DEFAULTS }),
    ).toMatchObject({
      options: { baseUrl: 'http://vllm.test/v1', apiKey: null },
    });
  });
});
