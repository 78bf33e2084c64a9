/**
 * Language models on upstreams: {@link OpenAiModel} runs on one, {@link FallbackModel} tries several models.
 *
 * @packageDocumentation
 */
export type { CircuitOptions, CircuitState } from './circuit/circuit-breaker.js';
export { FallbackModel } from './fallback/fallback-model.js';
export type { FallbackCandidate, FallbackModelOptions, LeasedModel } from './fallback/fallback-options.js';
export type { FallbackStream } from './fallback/fallback-stream.js';
export { DEFAULT_UPSTREAM_NAME, defaultUpstreamFromSettings } from './manifest/default-upstream.js';
export type { DefaultUpstreamSettings, UpstreamEntry } from './manifest/default-upstream.js';
export { upstreamSectionSchema } from './manifest/upstream-section.schema.js';
export type { UpstreamSection } from './manifest/upstream-section.schema.js';
export { toUpstreamOptions } from './manifest/to-upstream-options.js';
export type { SecretReader } from './manifest/to-upstream-options.js';
export { OpenAiModel } from './openai-model.js';
export type { UpstreamStatus } from './openai-model.js';
export type { UpstreamOptions, UpstreamPorts } from './upstream-options.js';
