import type { GenerationUsage } from '@aerie/generation';
import type { CompleteAnswer, TextChoice } from './types.js';

/** Tokens as replies and streams tell them. */
export interface TextUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** Tokens of the prompt that an earlier request had computed. */
  readonly cached_tokens: number;
}

interface TextReply {
  readonly finish_reason: 'stop' | 'length';
  readonly model: string;
  readonly model_version: string;
  readonly usage: TextUsage;
}

/** The whole reply to chat, also as a job's result. */
export interface ChatReply extends TextReply {
  readonly content: string;
}

/** The whole reply to generate, also as a job's result. */
export interface GenerateReply extends TextReply {
  readonly text: string;
  readonly inference_time_ms: number;
}

/** Tokens as replies and streams tell them. */
export function usageOf({ promptTokens, completionTokens, cachedTokens }: GenerationUsage): TextUsage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    cached_tokens: cachedTokens,
  };
}

/** The whole reply to chat. */
export function chatReplyOf(answer: CompleteAnswer): ChatReply {
  const { text, finishReason } = onlyChoice(answer);
  return {
    content: text,
    finish_reason: finishReason,
    model: answer.model,
    model_version: answer.version,
    usage: usageOf(answer.usage),
  };
}

/** The whole reply to generate. */
export function generateReplyOf(answer: CompleteAnswer): GenerateReply {
  const { text, finishReason } = onlyChoice(answer);
  return {
    text,
    finish_reason: finishReason,
    model: answer.model,
    model_version: answer.version,
    usage: usageOf(answer.usage),
    inference_time_ms: answer.inferenceTimeMs,
  };
}

function onlyChoice({ choices: [choice] }: CompleteAnswer): TextChoice {
  if (choice === undefined) throw new Error('An answer came without a choice. This is a bug.');
  return choice;
}
