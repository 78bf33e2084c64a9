import { join } from 'node:path';
import { z } from 'zod';
import { readOptionalJson } from './optional-json.js';

const poolingSchema = z.looseObject({ pooling_mode_cls_token: z.boolean().default(false) });
const modulesSchema = z.array(z.looseObject({ type: z.string(), path: z.string().default('') }));
const lengthSchema = z.looseObject({
  max_seq_length: z.int().positive().nullish(),
  model_max_length: z.number().positive().nullish(),
});

/** Limit when no file names one. */
const DEFAULT_MAX_TOKENS = 256;
/** Tokenizers without a limit say 10^30. */
const MAX_TOKENS = 131_072;

/** The `text` section that the files of sentence-transformers and the tokenizer imply. */
export async function readTextSection(directory: string): Promise<Readonly<Record<string, unknown>>> {
  const read = async (file: string): Promise<unknown> => readOptionalJson(join(directory, file));
  const modules = modulesSchema.safeParse(await read('modules.json'));
  const pooling = modules.data?.find(({ type }) => type.endsWith('.Pooling'))?.path ?? '1_Pooling';
  const mode = poolingSchema.safeParse(await read(join(pooling, 'config.json')));
  const lengths = [await read('sentence_bert_config.json'), await read('tokenizer_config.json')].map(
    (value) => {
      const { max_seq_length, model_max_length } = lengthSchema.safeParse(value).data ?? {};
      return max_seq_length ?? model_max_length;
    },
  );
  const length = lengths.find((value) => value !== undefined && value !== null && value <= MAX_TOKENS);
  return {
    max_tokens: length ?? DEFAULT_MAX_TOKENS,
    pooling: mode.data?.pooling_mode_cls_token === true ? 'cls' : 'mean',
    normalize: modules.success ? modules.data.some(({ type }) => type.endsWith('.Normalize')) : true,
  };
}
