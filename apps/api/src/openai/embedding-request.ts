import { z } from 'zod';
import { modelField, optional, readFields, unsupported } from './request-fields.js';

const schema = z.looseObject({
  model: modelField,
  input: z.union([z.string(), z.array(z.unknown()).min(1)]),
  encoding_format: optional(z.enum(['float', 'base64'])),
  dimensions: optional(z.int().min(1)),
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
  const { model, input, encoding_format, dimensions } = readFields(schema, body);
  const texts = typeof input === 'string' ? [input] : input;
  if (texts.some((text) => typeof text === 'number' || Array.isArray(text))) {
    throw unsupported('input', 'input: expected texts; token ids are not supported.');
  }
  const text = z.string().regex(/\S/, 'must not be blank');
  const limited = z.array(text).max(maxTexts, `at most ${maxTexts} texts (MAX_EMBED_TEXTS)`);
  const { input: checked } = readFields(z.object({ input: limited }), { input: texts });
  return { model, texts: checked, base64: encoding_format === 'base64', dimensions };
}
