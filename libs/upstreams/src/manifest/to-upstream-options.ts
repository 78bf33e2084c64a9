import type { UpstreamOptions } from '../upstream-options.js';
import type { UpstreamSection } from './upstream-section.schema.js';

/** Reads a secret by the name of its environment variable; null if it is not set. Only libs/config implements it. */
export type SecretReader = (name: string) => string | null;

/**
 * Options for the upstream of a model with a manifest.
 *
 * @param defaults for what the manifest leaves open
 * @throws Error that names the key's variable if it is not set, because every request would fail.
 */
export function toUpstreamOptions(
  name: string,
  { provider }: UpstreamSection,
  secrets: SecretReader,
  defaults: Pick<UpstreamOptions, 'firstTokenTimeoutMs'>,
): UpstreamOptions {
  const { circuit, connect_timeout, first_token_timeout, idle_timeout } = provider;
  return {
    name,
    baseUrl: provider.base_url,
    apiKey: readKey(provider.api_key_env, secrets),
    upstreamModel: provider.model,
    ...given('extensions', provider.extensions),
    ...given('maxTokensField', provider.max_tokens_field),
    ...given('textPrompts', provider.text_prompts),
    ...given('connectTimeoutMs', toMs(connect_timeout)),
    firstTokenTimeoutMs: toMs(first_token_timeout) ?? defaults.firstTokenTimeoutMs,
    ...given('idleTimeoutMs', toMs(idle_timeout)),
    ...given('maxConnections', provider.max_connections),
    ...given('retries', provider.retries),
    ...(circuit === undefined
      ? {}
      : {
          circuit: {
            ...given('failures', circuit.failures),
            ...given('failureRate', circuit.failure_rate),
            ...given('window', circuit.window),
            ...given('openMs', toMs(circuit.open)),
          },
        }),
  };
}

function readKey(variable: string | undefined, secrets: SecretReader): string | null {
  if (variable === undefined) return null;
  const key = secrets(variable)?.trim() ?? '';
  if (key === '') throw new Error(`provider.api_key_env: ${variable} is not set, nor is ${variable}_FILE`);
  return key;
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** A property only if there is a value, as exactOptionalPropertyTypes requires. */
function given<K extends string, V>(key: K, value: V | undefined): Readonly<Partial<Record<K, V>>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, V>>;
}
