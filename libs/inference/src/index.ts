export type {
  ChatMessage,
  ChosenTokenLogprob,
  FinishReason,
  GenerationEvent,
  GenerationRequest,
  GenerationUsage,
  SamplingParams,
} from '@aerie/model-registry';
export * from './bounded-gate.js';
export type { InferenceCall, ServedBy } from './inference-call.js';
export * from './embed.service.js';
export * from './generate.service.js';
export * from './image-loader.js';
export * from './predict.service.js';
export * from './gpus.js';
export * from './inference.module.js';
export * from './text-reply.js';
export * from './rest/index.js';
