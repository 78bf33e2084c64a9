import type { PreparedTask, TaskDefinition } from '../task-definition.js';
import { type EmbeddingOptions, embeddingOptionsSchema } from './embedding.options.js';

/** Texts to vectors. */
export const textEmbeddingTask: TaskDefinition<'text-embedding', EmbeddingOptions> = {
  kind: 'text-embedding',
  optionsSchema: embeddingOptionsSchema,
  kernelUrl: new URL('./embedding.kernel.js', import.meta.url).href,

  async prepare({ text }, files): Promise<PreparedTask<'text-embedding'>> {
    const config = 'tokenizer_config.json';
    return {
      kind: 'text-embedding',
      kernelOptions: {
        tokenizerPath: await files.path(text.tokenizer),
        tokenizerConfigPath: (await files.has(config)) ? await files.path(config) : null,
        maxTokens: text.max_tokens,
        pooling: text.pooling,
        normalize: text.normalize,
      },
      details: { maxTokens: text.max_tokens },
      warmupItems: [{ text: 'warm up', truncate: true }],
      // Texts are tokenized in the replica's thread; until then the length is the measure (English: ~4 characters a token).
      costOf: (item) => Math.min(text.max_tokens, 2 + Math.ceil(item.text.length / 4)),
      buffersOf: () => [],
    };
  },
};
