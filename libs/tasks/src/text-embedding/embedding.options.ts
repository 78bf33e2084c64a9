import { z } from 'zod';

/** The `text` section of a manifest for embeddings. */
export const embeddingOptionsSchema = z
  .strictObject({
    text: z
      .strictObject({
        tokenizer: z.string().min(1).default('tokenizer.json'),
        max_tokens: z
          .int()
          .min(1)
          .max(131_072)
          .default(256)
          .describe('Maximum tokens of a text, including special tokens.'),
        pooling: z
          .enum(['mean', 'cls'])
          .default('mean')
          .describe('How token vectors are combined into the vector of the text.'),
        normalize: z.boolean().default(true).describe('Scales vectors to length 1.'),
      })
      .prefault({}),
  })
  .prefault({});

/** Validated options of a text embedding model. */
export type EmbeddingOptions = z.infer<typeof embeddingOptionsSchema>;
