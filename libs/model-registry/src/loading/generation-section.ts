import { upstreamSectionSchema } from '@aerie/upstreams';
import { z } from 'zod';
import type { TaskSections } from '../manifest/parse-manifest.js';

const MEBIBYTE = 1024 * 1024;

const generation = z
  .strictObject({
    files: z
      .string()
      .min(1)
      .default('.')
      .describe(
        "Folder of tokenizer.json and related files (tokenizer_config.json, chat_template.jinja, generation_config.json, config.json), inside the model's folder.",
      ),
    context_length: z
      .int()
      .min(2)
      .max(1_048_576)
      .default(2048)
      .describe('Tokens of prompt and text together; at most the context that the model was trained for.'),
    max_slots: z.int().min(1).max(256).default(8).describe('Texts generated at the same time.'),
    chunk_size: z
      .int()
      .min(16)
      .max(4096)
      .default(64)
      .describe('Prompt tokens prefilled at a time; this limits how long running texts wait.'),
    allow_spinning: z
      .boolean()
      .default(false)
      .describe("Keeps ONNX Runtime's threads awake between runs: faster alone, slower beside other models."),
    kv_budget_mib: z
      .int()
      .min(1)
      .optional()
      .describe('Memory for the KV cache of running texts. Default: every slot at full length.'),
    prefix_cache_mib: z
      .int()
      .min(0)
      .max(1_048_576)
      .default(256)
      .describe('Memory for the KV cache that later requests may reuse; 0 keeps none.'),
    query_groups: z
      .int()
      .min(1)
      .optional()
      .describe('Query heads per key-value head, if no config.json has them. Default: found by trial.'),
  })
  .prefault({});

const sectionSchema = z.strictObject({ generation });

/** Validated options of a language model. */
export type GenerationOptions = z.infer<typeof generation>;

/** The manifest section of the task `text-generation`: a model that runs in this process or on an upstream. */
export const GENERATION_SECTIONS: TaskSections = {
  'text-generation': z.union([sectionSchema, upstreamSectionSchema]),
};

/** Reads options validated by {@link GENERATION_SECTIONS}. */
export function generationOptionsOf(options: unknown): GenerationOptions {
  return (options as z.infer<typeof sectionSchema>).generation;
}

/** Converts MiB to bytes. */
export function mebibytes(count: number): number {
  return count * MEBIBYTE;
}
