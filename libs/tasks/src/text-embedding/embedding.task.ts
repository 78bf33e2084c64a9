import { posix } from 'node:path';
import { z } from 'zod';
import type { BatchTask, HuggingFaceFolder } from '../task-definition.js';
import { prepareTokenizer, readMaxTokens, textCost } from '../text/text-options.js';
import { embedRoute } from './embed.route.js';
import { type EmbeddingOptions, embeddingOptionsSchema } from './embedding.options.js';
import type { EmbeddingTypes } from './types.js';

const poolingSchema = z.looseObject({ pooling_mode_cls_token: z.boolean().default(false) });
const modulesSchema = z.array(z.looseObject({ type: z.string(), path: z.string().default('') }));

/** The task of embedding texts as vectors. */
export const textEmbeddingTask: BatchTask<'text-embedding', EmbeddingOptions, EmbeddingTypes> = {
  kind: 'text-embedding',
  description: 'Turns texts into vectors.',
  routes: [embedRoute],
  optionsSchema: embeddingOptionsSchema,
  kernelUrl: new URL('./embedding.kernel.js', import.meta.url).href,

  async detect(folder) {
    return (await impliesEmbedding(folder)) ? { text: await readTextSection(folder) } : null;
  },

  async prepare({ text }, files) {
    const tokenizer = await prepareTokenizer(text, files);
    return {
      kernelOptions: { ...tokenizer, pooling: text.pooling, normalize: text.normalize },
      details: { maxTokens: text.max_tokens },
      trialItems: [{ text: 'warm up', truncate: true }],
      costOf: (item) => textCost(item, text.max_tokens),
      buffersOf: () => [],
    };
  },
};

/** Whether the model of a folder has no head but token vectors, or is one of sentence-transformers. */
async function impliesEmbedding({ config, has }: HuggingFaceFolder): Promise<boolean> {
  const { architectures } = config;
  // Some language models come with the files of sentence-transformers, too.
  if (architectures.some((name) => name.endsWith('ForCausalLM'))) return false;
  const hasNoHead = architectures.length === 0 || architectures.some((name) => name.endsWith('Model'));
  return ((await has('modules.json')) || hasNoHead) && (await has('tokenizer.json'));
}

/** The `text` section that the files of sentence-transformers and the tokenizer imply. */
async function readTextSection(folder: HuggingFaceFolder): Promise<Readonly<Record<string, unknown>>> {
  const modules = modulesSchema.safeParse(await folder.readJson('modules.json'));
  const pooling = modules.data?.find(({ type }) => type.endsWith('.Pooling'))?.path ?? '1_Pooling';
  const mode = poolingSchema.safeParse(await folder.readJson(posix.join(pooling, 'config.json')));
  return {
    max_tokens: await readMaxTokens(folder),
    pooling: mode.data?.pooling_mode_cls_token === true ? 'cls' : 'mean',
    normalize: modules.success ? modules.data.some(({ type }) => type.endsWith('.Normalize')) : true,
  };
}
