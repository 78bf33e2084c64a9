import type { GenerationRequest, TextWork } from '@aerie/inference';
import { z } from 'zod';
import {
  modelField,
  optional,
  readFields,
  refuseUnsupported,
  unsupported,
  UNSUPPORTED_CHAT_FIELDS,
  UNSUPPORTED_COMPLETION_FIELDS,
} from './request-fields.js';

const positive = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** Most answers of one request, and most prompts that may ask for them. */
const MAX_CHOICES = 128;
const MAX_PROMPTS = 16;

/** What chat and completions share. Sampling beyond OpenAI's is spelled as vLLM spells it. */
const textFields = {
  model: modelField,
  stream: optional(z.boolean()),
  stream_options: optional(z.looseObject({ include_usage: optional(z.boolean()) })),
  max_tokens: optional(positive),
  n: optional(z.int().min(1).max(MAX_CHOICES)),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().gt(0).max(1)),
  top_k: optional(z.int().min(-1).max(1_000_000)),
  min_p: optional(z.number().min(0).max(1)),
  repetition_penalty: optional(z.number().gt(0).max(100)),
  presence_penalty: optional(z.number().min(-2).max(2)),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  logit_bias: optional(z.record(z.string().regex(/^\d{1,9}$/, 'a token id'), z.number().min(-100).max(100))),
  seed: optional(z.int()),
  reproducible: optional(z.boolean()),
  stop: optional(z.union([z.string().min(1), z.array(z.string().min(1)).max(4)])),
};

const contentPart = z.looseObject({ type: z.string(), text: z.string().optional() });
const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(contentPart)]).nullish(),
});

const chatSchema = z.looseObject({
  ...textFields,
  messages: z.array(message).min(1).max(4096),
  max_completion_tokens: optional(positive),
  logprobs: optional(z.boolean()),
  top_logprobs: optional(z.int().min(0).max(20)),
});

const completionSchema = z.looseObject({
  ...textFields,
  prompt: z.union([z.string(), z.array(z.unknown())]),
  logprobs: optional(z.int().min(0).max(5)),
});

/** A request of either route, read. */
export interface TextRequest {
  /** As the caller named it. */
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
  const maxTokens = fields.max_completion_tokens ?? fields.max_tokens;
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
      ...(maxTokens === undefined ? {} : { maxTokens }),
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
  const { stop } = fields;
  return {
    ...(fields.temperature === undefined ? {} : { temperature: fields.temperature }),
    ...(fields.top_p === undefined ? {} : { topP: fields.top_p }),
    ...(fields.top_k === undefined ? {} : { topK: Math.max(0, fields.top_k) }),
    ...(fields.min_p === undefined ? {} : { minP: fields.min_p }),
    ...(fields.repetition_penalty === undefined ? {} : { repetitionPenalty: fields.repetition_penalty }),
    ...(fields.presence_penalty === undefined ? {} : { presencePenalty: fields.presence_penalty }),
    ...(fields.frequency_penalty === undefined ? {} : { frequencyPenalty: fields.frequency_penalty }),
    ...(fields.logit_bias === undefined ? {} : { logitBias: fields.logit_bias }),
    ...(fields.seed === undefined ? {} : { seed: fields.seed }),
    ...(fields.reproducible === undefined ? {} : { reproducible: fields.reproducible }),
    ...(fields.n === undefined ? {} : { n: fields.n }),
    ...(stop === undefined ? {} : { stop: typeof stop === 'string' ? [stop] : stop }),
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
        `${field}.role: expected system, developer, user or assistant, got ${JSON.stringify(role.slice(0, 32))}.`,
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
  const limited = z.array(z.string()).min(1).max(MAX_PROMPTS, `at most ${MAX_PROMPTS} texts`);
  const { prompt: texts } = readFields(z.object({ prompt: limited }), { prompt });
  const choices = z.int().max(MAX_CHOICES, `at most ${MAX_CHOICES} choices of all prompts together`);
  readFields(z.object({ n: choices }), { n: n * texts.length });
  return texts;
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
