import { z } from 'zod';
import { textFields } from '../text/text-options.js';

/** The `text` section of a manifest for embeddings. */
export const embeddingOptionsSchema = z
  .strictObject({
    text: z
      .strictObject({
        ...textFields,
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
