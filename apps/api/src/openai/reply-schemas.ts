import { z } from 'zod';
import { integerField } from './zod-fields.js';

const count = integerField({ min: 0 });
const finishReason = z.enum(['stop', 'length']);

const usage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }),
});

const logprob = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(count) });

const chatLogprobs = z.object({
  content: z.array(logprob.extend({ top_logprobs: z.array(logprob) })),
  refusal: z.null(),
});

const completionLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  text_offset: z.array(count),
});

const header = { id: z.string(), created: count, model: z.string(), system_fingerprint: z.string() };
const completionChoice = { index: count, text: z.string(), logprobs: completionLogprobs.nullable() };

/** Reply of chat completions. */
export const chatReplySchema = z.object({
  ...header,
  object: z.literal('chat.completion'),
  choices: z.array(
    z.object({
      index: count,
      message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
      logprobs: chatLogprobs.nullable(),
      finish_reason: finishReason,
    }),
  ),
  usage,
});

/** An event of streamed chat completions. The last has no choices, and usage if it was requested. */
export const chatChunkSchema = z.object({
  ...header,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.object({
      index: count,
      delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
      logprobs: chatLogprobs.nullable(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: usage.nullish(),
});

/** Reply of completions. */
export const completionReplySchema = z.object({
  ...header,
  object: z.literal('text_completion'),
  choices: z.array(z.object({ ...completionChoice, finish_reason: finishReason })),
  usage,
});

/** An event of streamed completions. */
export const completionChunkSchema = z.object({
  ...header,
  object: z.literal('text_completion'),
  choices: z.array(z.object({ ...completionChoice, finish_reason: finishReason.nullable() })),
  usage: usage.nullish(),
});

/** Reply of embeddings. */
export const embeddingReplySchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: count,
      embedding: z
        .union([z.array(z.number()), z.string()])
        .describe('Numbers, or base64 of little-endian float32.'),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: count, total_tokens: count }),
});

/** OpenAI's model object. */
export const modelSchema = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: count.describe('Seconds since 1970.'),
  owned_by: z.string(),
});

/** OpenAI's list of models. */
export const modelListSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) });
