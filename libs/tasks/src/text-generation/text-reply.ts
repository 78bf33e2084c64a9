import { DocumentedField } from '@aerie/fields';
import type { GenerationUsage } from '@aerie/generation';
import type { CompleteAnswer, TextChoice } from './types.js';

/** Tokens of a request for text. */
export class TextUsageDto {
  @DocumentedField({ example: 37 })
  readonly prompt_tokens!: number;

  @DocumentedField({ example: 8 })
  readonly completion_tokens!: number;

  @DocumentedField({ example: 45 })
  readonly total_tokens!: number;

  @DocumentedField({ description: 'Prompt tokens reused from earlier requests.', example: 32 })
  readonly cached_tokens!: number;
}

/** Fields of every reply with text. */
class TextReplyDto {
  @DocumentedField({
    enum: ['stop', 'length'],
    description: 'length: max_tokens was reached, or the context is full.',
  })
  readonly finish_reason!: 'stop' | 'length';

  @DocumentedField({ example: 'smollm2-135m-instruct' })
  readonly model!: string;

  @DocumentedField({ example: '1' })
  readonly model_version!: string;

  @DocumentedField({ type: TextUsageDto })
  readonly usage!: TextUsageDto;
}

/** Reply to chat with `stream: false`. */
export class ChatReplyDto extends TextReplyDto {
  @DocumentedField({ example: 'Paris is the capital of France.' })
  readonly content!: string;
}

/** Reply to generate. */
export class GenerateReplyDto extends TextReplyDto {
  @DocumentedField({ example: ' Paris.' })
  readonly text!: string;

  @DocumentedField({ description: 'From acceptance of the request to the last token.', example: 212.4 })
  readonly inference_time_ms!: number;
}

/** Tokens as replies and streams report them. */
export function usageOf({ promptTokens, completionTokens, cachedTokens }: GenerationUsage): TextUsageDto {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    cached_tokens: cachedTokens,
  };
}

/** The whole reply to chat. */
export function chatReplyOf(answer: CompleteAnswer): ChatReplyDto {
  return { content: onlyChoice(answer).text, ...replyOf(answer) };
}

/** The whole reply to generate. */
export function generateReplyOf(answer: CompleteAnswer): GenerateReplyDto {
  return {
    text: onlyChoice(answer).text,
    ...replyOf(answer),
    inference_time_ms: answer.inferenceTimeMs,
  };
}

function replyOf(answer: CompleteAnswer) {
  return {
    finish_reason: onlyChoice(answer).finishReason,
    model: answer.model,
    model_version: answer.version,
    usage: usageOf(answer.usage),
  };
}

function onlyChoice({ choices: [choice] }: CompleteAnswer): TextChoice {
  if (choice === undefined) throw new Error('An answer came without a choice. This is a bug.');
  return choice;
}
