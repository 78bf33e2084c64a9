import { z } from 'zod';
import { unsupported } from './request-fields.js';
import { integer, modelField, optional, readFields } from './zod-fields.js';

/** No model has more. */
const MAX_DIMENSIONS = 1_000_000;

/** Body of embeddings. */
export const embeddingSchema = z.looseObject({
  model: modelField,
  input: z.union([z.string(), z.array(z.unknown()).min(1)]),
  encoding_format: optional(z.enum(['float', 'base64'])),
  dimensions: optional(integer({ min: 1, max: MAX_DIMENSIONS })),
});

/** A request for embeddings, read. */
export interface EmbeddingRequest {
  readonly model: string;
  readonly texts: readonly string[];
  readonly base64: boolean;
  readonly dimensions: number | undefined;
}

/** @throws AerieError VALIDATION_ERROR, UNSUPPORTED_PARAMETER. */
export function readEmbeddingRequest(body: object, maxTexts: number): EmbeddingRequest {
  const { model, input, encoding_format, dimensions } = readFields(embeddingSchema, body);
  const texts = typeof input === 'string' ? [input] : input;
  if (texts.some((text) => typeof text === 'number' || Array.isArray(text))) {
    throw unsupported('input', 'input: expected texts; token ids are not supported.');
  }
  const text = z.string().regex(/\S/, 'must not be blank');
  const limited = z.array(text).max(maxTexts, `at most ${maxTexts} texts (MAX_EMBED_TEXTS)`);
  const { input: checked } = readFields(z.object({ input: limited }), { input: texts });
  return { model, texts: checked, base64: encoding_format === 'base64', dimensions };
}
