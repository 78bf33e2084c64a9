/**
 * Chat models of other servers, behind OpenAI's API: {@link OpenAiProvider} is one, {@link FallbackModel} tries several.
 *
 * @packageDocumentation
 */
export type { ProviderUsage } from './answer/answer-assembler.js';
export type { CircuitFailure, CircuitOptions, CircuitState } from './circuit/circuit-breaker.js';
export { FallbackModel } from './fallback/fallback-model.js';
export type { FallbackCandidate, FallbackModelOptions, LeasedModel } from './fallback/fallback-options.js';
export type { FallbackStream } from './fallback/fallback-stream.js';
export { DEFAULT_PROVIDER_NAME, defaultProviderFromSettings } from './manifest/default-provider.js';
export type { DefaultProviderSettings, ProviderEntry } from './manifest/default-provider.js';
export { providerSectionSchema } from './manifest/provider-section.schema.js';
export type { ProviderSection } from './manifest/provider-section.schema.js';
export { toProviderOptions } from './manifest/to-provider-options.js';
export type { SecretReader } from './manifest/to-provider-options.js';
export { OpenAiProvider } from './openai-provider.js';
export type { ProviderStatus } from './openai-provider.js';
export type { ProviderOptions, ProviderPorts } from './provider-options.js';
