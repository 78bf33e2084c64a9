import type { CompleteAnswer, GenerationUsage } from '@aerie/inference';
import type { ChatReplyDto, GenerateReplyDto, TextUsageDto } from './dto/text-reply.dto.js';

/** Tokens as replies and streams tell them. */
export function usageOf({ promptTokens, completionTokens, cachedTokens }: GenerationUsage): TextUsageDto {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    cached_tokens: cachedTokens,
  };
}

/** The reply to chat with `stream: false`. */
export function chatReplyOf(answer: CompleteAnswer): ChatReplyDto {
  const { text, finishReason } = onlyChoice(answer);
  return {
    content: text,
    finish_reason: finishReason,
    model: answer.model,
    model_version: answer.version,
    usage: usageOf(answer.usage),
  };
}

/** The reply to generate. */
export function generateReplyOf(answer: CompleteAnswer): GenerateReplyDto {
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

function onlyChoice({ choices: [choice] }: CompleteAnswer): CompleteAnswer['choices'][number] {
  if (choice === undefined) throw new Error('An answer came without a choice. This is a bug.');
  return choice;
}
