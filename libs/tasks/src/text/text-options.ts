import { z } from 'zod';
import type { HuggingFaceFolder, TaskFiles } from '../task-definition.js';
import type { TextItem } from './text-item.js';

/** Limit if no file has one. */
const DEFAULT_MAX_TOKENS = 256;
/** Tokenizers without a limit say 10^30. */
const MAX_TOKENS = 131_072;

/** Fields of a manifest's `text` section that every task with texts has. */
export const textFields = {
  tokenizer: z.string().min(1).default('tokenizer.json'),
  max_tokens: z
    .int()
    .min(1)
    .max(MAX_TOKENS)
    .default(DEFAULT_MAX_TOKENS)
    .describe('Maximum tokens of a text, including special tokens.'),
};

const lengthSchema = z.looseObject({
  max_seq_length: z.int().positive().nullish(),
  model_max_length: z.number().positive().nullish(),
});

/** The `max_tokens` that the files of a folder imply. */
export async function readMaxTokens({ readJson }: HuggingFaceFolder): Promise<number> {
  const files = [await readJson('sentence_bert_config.json'), await readJson('tokenizer_config.json')];
  const lengths = files.map((value) => {
    const { max_seq_length, model_max_length } = lengthSchema.safeParse(value).data ?? {};
    return max_seq_length ?? model_max_length;
  });
  const length = lengths.find((value) => value !== undefined && value !== null && value <= MAX_TOKENS);
  return length ?? DEFAULT_MAX_TOKENS;
}

/** Options for the tokenizer of a kernel. */
export interface TokenizerOptions {
  readonly tokenizerPath: string;
  readonly tokenizerConfigPath: string | null;
  readonly maxTokens: number;
}

/** The tokenizer that a `text` section means. */
export async function prepareTokenizer(
  text: { readonly tokenizer: string; readonly max_tokens: number },
  files: TaskFiles,
): Promise<TokenizerOptions> {
  const config = 'tokenizer_config.json';
  return {
    tokenizerPath: await files.path(text.tokenizer),
    tokenizerConfigPath: (await files.has(config)) ? await files.path(config) : null,
    maxTokens: text.max_tokens,
  };
}

/** Texts are tokenized in the replica's thread; until then the cost is estimated by length (English: ~4 characters per token). */
export function textCost({ text }: TextItem, maxTokens: number): number {
  return Math.min(maxTokens, typeof text === 'string' ? 2 + Math.ceil(text.length / 4) : text.length);
}
