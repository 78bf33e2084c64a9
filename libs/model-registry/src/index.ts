export type { GpuInfo, ItemResult } from '@aerie/engine';
export { defaultUpstreamFromSettings } from '@aerie/upstreams';
export type {
  ChatMessage,
  ChosenTokenLogprob,
  FinishReason,
  GenerationEvent,
  GenerationRequest,
  GenerationUsage,
  SamplingParams,
  TextStream,
} from '@aerie/generation';
export type * from './generation-event.js';
export type * from './inference-event.js';
export type * from './loaded-model.js';
export type * from './loading/model-loader.js';
export type * from './loading/model-runtime.js';
export {
  GenerationModelLoader,
  type GenerationModelLoaderOptions,
} from './loading/generation-model-loader.js';
export { UpstreamModelLoader, type UpstreamModelLoaderOptions } from './loading/upstream-model-loader.js';
export { TASK_SECTIONS } from './loading/task-sections.js';
export { manifestJsonSchema } from './manifest/manifest-json-schema.js';
export type { TaskSections } from './manifest/parse-manifest.js';
export type * from './model-description.js';
export { ModelLoadError } from './model-load.error.js';
export { ModelRegistry, type ModelRegistryOptions } from './model-registry.js';
export * from './model-registry.module.js';
export { ModelRepositoryError } from './model-repository.error.js';
export type * from './model-selector.js';
export type * from './model-spec.js';
export type * from './registry-settings.js';
export { CheckedFiles, type CheckedFilesOptions } from './repository/checked-files.js';
export type * from './statistics.js';
export { StatisticsRecorder } from './statistics-recorder.js';
export type * from './unusable-model.js';
