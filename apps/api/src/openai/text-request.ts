import { fieldError, samplingOf, validationError, shorten } from '@aerie/contracts';
import type { GenerationRequest, TextWork } from '@aerie/inference';
import { z } from 'zod';
import {
  refuseUnsupported,
  unsupported,
  UNSUPPORTED_CHAT_FIELDS,
  UNSUPPORTED_COMPLETION_FIELDS,
} from './request-fields.js';
import { integerField, modelField, optional, readFields, samplingShape, topLogprobs } from './zod-fields.js';

/** Maximum number of answers, and of prompts, in one request. */
const MAX_CHOICES = 128;
const MAX_PROMPTS = 16;
const MAX_COMPLETION_LOGPROBS = 5;

/** Fields that chat completions and completions share. Sampling parameters beyond OpenAI's have vLLM's names. */
const textFields = {
  model: modelField,
  stream: optional(z.boolean()),
  stream_options: optional(z.looseObject({ include_usage: optional(z.boolean()) })),
  n: optional(integerField({ min: 1, max: MAX_CHOICES })),
  ...samplingShape,
  logit_bias: optional(
    z.record(z.string().regex(/^\d{1,9}$/, 'must be a token id'), z.number().min(-100).max(100)),
  ),
};

const contentPart = z.looseObject({ type: z.string(), text: z.string().optional() });
const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(contentPart)]).nullish(),
});

/** Body of chat completions. */
export const chatSchema = z.looseObject({
  ...textFields,
  messages: z.array(message).min(1).max(4096),
  max_completion_tokens: samplingShape.max_tokens,
  logprobs: optional(z.boolean()),
  top_logprobs: topLogprobs,
});

/** Body of completions. */
export const completionSchema = z.looseObject({
  ...textFields,
  prompt: z.union([z.string(), z.array(z.unknown())]),
  logprobs: optional(integerField({ min: 0, max: MAX_COMPLETION_LOGPROBS })),
});

/** A parsed request of either route. */
export interface TextRequest {
  /** The model's name as the caller wrote it. */
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly kind: GenerationRequest['kind'];
  readonly generation: TextWork;
}

/** OpenAI's default of completions. */
const COMPLETION_TOKENS = 16;

/** Reads the body of chat completions. @throws AerieError VALIDATION_ERROR, UNSUPPORTED_PARAMETER. */
export function readChatRequest(body: object): TextRequest {
  refuseUnsupported(body, UNSUPPORTED_CHAT_FIELDS);
  const fields = readFields(chatSchema, body);
  if (fields.top_logprobs !== undefined && fields.logprobs !== true) {
    throw unsupported('top_logprobs', 'top_logprobs needs logprobs: true.');
  }
  return {
    ...common(fields),
    kind: 'chat',
    generation: {
      kind: 'chat',
      messages: fields.messages.map(readMessage),
      ...sampling(fields),
      ...(fields.max_completion_tokens === undefined ? {} : { maxTokens: fields.max_completion_tokens }),
      ...(fields.logprobs === true ? { topLogprobs: fields.top_logprobs ?? 0 } : {}),
    },
  };
}

/** Reads the body of completions. @throws AerieError VALIDATION_ERROR, UNSUPPORTED_PARAMETER. */
export function readCompletionRequest(body: object): TextRequest {
  refuseUnsupported(body, UNSUPPORTED_COMPLETION_FIELDS);
  const fields = readFields(completionSchema, body);
  const prompts = readPrompts(fields.prompt, fields.n ?? 1);
  const generation = prompts.map((prompt): GenerationRequest => ({
    kind: 'text',
    prompt,
    ...sampling(fields),
    maxTokens: fields.max_tokens ?? COMPLETION_TOKENS,
    ...(fields.logprobs === undefined ? {} : { topLogprobs: fields.logprobs }),
  }));
  const [only] = generation;
  return {
    ...common(fields),
    kind: 'text',
    generation: only !== undefined && generation.length === 1 ? only : generation,
  };
}

type Common = z.infer<z.ZodObject<typeof textFields>>;

function common(fields: Common): Omit<TextRequest, 'kind' | 'generation'> {
  const stream = fields.stream ?? false;
  return {
    model: fields.model,
    stream,
    includeUsage: stream && fields.stream_options?.include_usage === true,
  };
}

function sampling(fields: Common): Omit<GenerationRequest, 'kind' | 'messages' | 'prompt'> {
  return {
    ...samplingOf('openai', fields),
    ...(fields.logit_bias === undefined ? {} : { logitBias: fields.logit_bias }),
    ...(fields.n === undefined ? {} : { n: fields.n }),
  };
}

function readMessage(turn: z.infer<typeof message>, index: number): { role: string; content: string } {
  const field = `messages.${index}`;
  const { role, content } = turn;
  if (isThere(turn.tool_calls)) throw unsupported(`${field}.tool_calls`);
  if (isThere(turn.audio)) throw unsupported(`${field}.audio`);
  const text = typeof content === 'string' ? content : readParts(content ?? [], field);
  switch (role) {
    case 'system':
    case 'user':
    case 'assistant':
      return { role, content: text };
    case 'developer':
      return { role: 'system', content: text };
    default:
      throw unsupported(
        `${field}.role`,
        `${field}.role: expected system, developer, user or assistant, got ${JSON.stringify(shorten(role, 32))}.`,
      );
  }
}

function readParts(parts: readonly z.infer<typeof contentPart>[], field: string): string {
  return parts
    .map(({ type, text }, index) => {
      if (type === 'text' && text !== undefined) return text;
      throw unsupported(
        `${field}.content.${index}`,
        `${field}.content.${index}: only parts of type "text" are supported.`,
      );
    })
    .join('');
}

function readPrompts(prompt: string | readonly unknown[], n: number): readonly string[] {
  if (typeof prompt === 'string') return [prompt];
  if (prompt.some((text) => typeof text === 'number' || Array.isArray(text))) {
    throw unsupported('prompt', 'prompt: expected texts; token ids are not supported.');
  }
  const limited = z.array(z.string()).min(1).max(MAX_PROMPTS);
  const { prompt: texts } = readFields(z.object({ prompt: limited }), { prompt });
  if (n * texts.length > MAX_CHOICES) {
    const problem = `must be at most ${MAX_CHOICES} over all prompts together, got ${n * texts.length}`;
    throw validationError(fieldError('n', problem));
  }
  return texts;
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
