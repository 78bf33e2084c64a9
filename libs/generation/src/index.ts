/**
 * Text generation by language models in their own worker threads, with continuous batching. {@link GenerationEngine}
 * opens a model and streams texts.
 *
 * @packageDocumentation
 */
export { GenerationEngine } from './generation-engine.js';
export type * from './generation-engine-options.js';
export type * from './generation-request.js';
export type * from './language-model.js';
export type { GenerationStream } from './generation-stream.js';
export type { SamplingParams } from './sampling/sampling-params.js';
export type { StepRecord } from './scheduler/stream-update.js';
export type { ChatMessage } from './text/chat-template.js';
export type { Prompt } from './text/prompt-encoder.js';
export type { GenerationFault, LanguageModelInfo } from './worker/messages.js';
