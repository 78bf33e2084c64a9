import type { BatchRoute } from '../rest-route.js';
import type { TextOrTokens } from '../text/text-item.js';
import { textsOf } from '../text/text-field.js';
import { EmbedReplyDto } from './embed-reply.dto.js';
import { EmbedBodyDto } from './embed.dto.js';
import type { EmbeddingTypes } from './types.js';

/** Texts to be embedded. */
export interface EmbedInput {
  /** Not blank, or token ids of the model's own tokenizer; within the limit on their number. */
  readonly texts: readonly TextOrTokens[];
  /**
   * Whether texts that exceed the model's token limit are truncated, or to how many tokens; otherwise they are refused.
   */
  readonly truncate: boolean | number;
}

/** Types of embed. */
export interface EmbedTypes extends EmbeddingTypes {
  readonly body: EmbedBodyDto;
  readonly input: EmbedInput;
  readonly reply: EmbedReplyDto;
}

/** Texts as vectors. */
export const embedRoute: BatchRoute<'text-embedding', EmbedTypes> = {
  name: 'embed',
  kind: 'text-embedding',
  aliases: ['embed'],
  bucket: 'embed',
  itemName: 'text',
  docs: {
    summary: 'Embed one or more texts',
    description: 'Vectors have length 1, so their dot product is the cosine similarity.',
    jobSummary: 'Embed texts as a job',
    reply: EmbedReplyDto,
  },
  dto: EmbedBodyDto,

  toInput: ({ text, truncate }, limits) => ({ texts: textsOf(text, limits), truncate }),

  toItems: ({ texts, truncate }) => texts.map((text) => ({ text, truncate })),

  isFinite: ({ embedding }) => embedding.every(Number.isFinite),

  toReply: ({ results, model, version, inferenceTimeMs }) => ({
    embeddings: results.map(({ embedding }) => numbersOf(embedding)),
    dimensions: results[0]?.embedding.length ?? 0,
    model,
    model_version: version,
    usage: { tokens: results.reduce((total, { tokens }) => total + tokens, 0) },
    inference_time_ms: inferenceTimeMs,
  }),
};

/** Plain numbers for JSON. Uses a loop, because `Array.from` uses an iterator and creates an object for each number. */
function numbersOf(vector: Float32Array): readonly number[] {
  const numbers = new Array<number>(vector.length);
  for (let i = 0; i < vector.length; i++) numbers[i] = vector[i] as number;
  return numbers;
}
