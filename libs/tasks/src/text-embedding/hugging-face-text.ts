import { posix } from 'node:path';
import { z } from 'zod';
import type { HuggingFaceFolder } from '../task-definition.js';

const poolingSchema = z.looseObject({ pooling_mode_cls_token: z.boolean().default(false) });
const modulesSchema = z.array(z.looseObject({ type: z.string(), path: z.string().default('') }));
const lengthSchema = z.looseObject({
  max_seq_length: z.int().positive().nullish(),
  model_max_length: z.number().positive().nullish(),
});

/** Limit if no file has one. */
const DEFAULT_MAX_TOKENS = 256;
/** Tokenizers without a limit say 10^30. */
const MAX_TOKENS = 131_072;

/** Whether the model of a folder has no head but token vectors, or is one of sentence-transformers. */
export async function impliesEmbedding({ config, has }: HuggingFaceFolder): Promise<boolean> {
  const { architectures } = config;
  // Some language models come with the files of sentence-transformers, too.
  if (architectures.some((name) => name.endsWith('ForCausalLM'))) return false;
  const hasNoHead = architectures.length === 0 || architectures.some((name) => name.endsWith('Model'));
  return ((await has('modules.json')) || hasNoHead) && (await has('tokenizer.json'));
}

/** The `text` section that the files of sentence-transformers and the tokenizer imply. */
export async function readTextSection(folder: HuggingFaceFolder): Promise<Readonly<Record<string, unknown>>> {
  const modules = modulesSchema.safeParse(await folder.readJson('modules.json'));
  const pooling = modules.data?.find(({ type }) => type.endsWith('.Pooling'))?.path ?? '1_Pooling';
  const mode = poolingSchema.safeParse(await folder.readJson(posix.join(pooling, 'config.json')));
  const files = [
    await folder.readJson('sentence_bert_config.json'),
    await folder.readJson('tokenizer_config.json'),
  ];
  const lengths = files.map((value) => {
    const { max_seq_length, model_max_length } = lengthSchema.safeParse(value).data ?? {};
    return max_seq_length ?? model_max_length;
  });
  const length = lengths.find((value) => value !== undefined && value !== null && value <= MAX_TOKENS);
  return {
    max_tokens: length ?? DEFAULT_MAX_TOKENS,
    pooling: mode.data?.pooling_mode_cls_token === true ? 'cls' : 'mean',
    normalize: modules.success ? modules.data.some(({ type }) => type.endsWith('.Normalize')) : true,
  };
}
