import type { BatchTask } from '../task-definition.js';
import { embedRoute } from './embed.route.js';
import { type EmbeddingOptions, embeddingOptionsSchema } from './embedding.options.js';
import { impliesEmbedding, readTextSection } from './hugging-face-text.js';
import type { EmbeddingTypes } from './types.js';

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
    const config = 'tokenizer_config.json';
    return {
      kernelOptions: {
        tokenizerPath: await files.path(text.tokenizer),
        tokenizerConfigPath: (await files.has(config)) ? await files.path(config) : null,
        maxTokens: text.max_tokens,
        pooling: text.pooling,
        normalize: text.normalize,
      },
      details: { maxTokens: text.max_tokens },
      trialItems: [{ text: 'warm up', truncate: true }],
      // Texts are tokenized in the replica's thread; until then the cost is estimated by length (English: ~4 characters per token).
      costOf: ({ text: given }) =>
        Math.min(text.max_tokens, typeof given === 'string' ? 2 + Math.ceil(given.length / 4) : given.length),
      buffersOf: () => [],
    };
  },
};
