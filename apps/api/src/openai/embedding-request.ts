import { fieldError, fieldProblems, validationError } from '@aerie/contracts';
import { z } from 'zod';
import { integerField, modelField, optional, readFields } from './zod-fields.js';

/** No model has more. */
const MAX_DIMENSIONS = 1_000_000;
const MAX_TOKEN_ID = 2 ** 31 - 1;

const text = z.string().regex(/\S/, 'must not be blank');
const tokenId = integerField({ min: 0, max: MAX_TOKEN_ID });
const tokenIds = z.array(tokenId).min(1);

/** Body of embeddings. `truncate` is spelled as text-embeddings-inference has it, `truncate_prompt_tokens` as vLLM. */
export const embeddingSchema = z.looseObject({
  model: modelField,
  input: z
    .union([text, z.array(text).min(1), tokenIds, z.array(tokenIds).min(1)])
    .describe("A text, a list of texts, or token ids of the model's own vocabulary."),
  encoding_format: optional(z.enum(['float', 'base64'])),
  dimensions: optional(integerField({ min: 1, max: MAX_DIMENSIONS })),
  truncate: optional(z.boolean().describe("Truncates inputs that exceed the model's token limit.")),
  truncate_prompt_tokens: optional(
    integerField({ min: -1, max: Number.MAX_SAFE_INTEGER }).describe(
      "Truncates inputs to this many tokens; -1: to the model's limit.",
    ),
  ),
});

/** A parsed request for embeddings. */
export interface EmbeddingRequest {
  readonly model: string;
  /** Texts, or token ids. */
  readonly inputs: readonly (string | readonly number[])[];
  readonly truncate: boolean | number;
  readonly base64: boolean;
  readonly dimensions: number | undefined;
}

/** @throws AerieError VALIDATION_ERROR */
export function readEmbeddingRequest(body: object, maxTexts: number): EmbeddingRequest {
  const fields = readFields(embeddingSchema, body);
  const inputs = inputsOf(fields.input);
  if (inputs.length > maxTexts) {
    const problem = fieldProblems.length(inputs.length, { max: maxTexts }, 'items') ?? '';
    throw validationError(fieldError('input', `${problem} (MAX_EMBED_TEXTS)`));
  }
  return {
    model: fields.model,
    inputs,
    truncate: truncationOf(fields),
    base64: fields.encoding_format === 'base64',
    dimensions: fields.dimensions,
  };
}

type Fields = z.infer<typeof embeddingSchema>;

function inputsOf(input: Fields['input']): EmbeddingRequest['inputs'] {
  if (typeof input === 'string') return [input];
  const isOneOfTokens = (given: typeof input): given is number[] => typeof given[0] === 'number';
  return isOneOfTokens(input) ? [input] : input;
}

function truncationOf({ truncate = false, truncate_prompt_tokens: tokens }: Fields): boolean | number {
  if (tokens === undefined) return truncate;
  if (tokens === 0)
    throw validationError(fieldError('truncate_prompt_tokens', 'must be -1 or at least 1, got 0'));
  return tokens === -1 ? true : tokens;
}
