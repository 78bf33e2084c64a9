export type {
  ChatMessage,
  ChosenTokenLogprob,
  FinishReason,
  GenerationEvent,
  GenerationRequest,
  GenerationUsage,
  SamplingParams,
} from '@aerie/model-registry';
export {
  type AnyBatchRoute,
  type AnyRoute,
  BATCH_ROUTES,
  type BodyLimits,
  ChatBodyDto,
  type CompleteAnswer,
  REST_ROUTES,
  ROUTE_NAMES,
  type RestRoute,
  StreamableChatBodyDto,
  StreamableGenerateBodyDto,
  TEXT_ROUTES,
  TopKDto,
  type TextRoute,
  chatRoute,
  embedRoute,
  generateRoute,
  routeOf,
  usageOf,
} from '@aerie/tasks';
export type { InferenceCall, ServedBy } from './inference-call.js';
export * from './generate.service.js';
export * from './engine-tokens.js';
export * from './inference.module.js';
export * from './inference.service.js';
