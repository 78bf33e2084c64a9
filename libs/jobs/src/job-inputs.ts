import { z } from 'zod';

/** Kinds of work that can be a job. Each is also a synchronous route of the same body. */
export const JOB_TASKS = ['predict', 'embed', 'generate', 'chat'] as const;

/** A kind of work that can be a job. */
export type JobTaskName = (typeof JOB_TASKS)[number];

/** Input of a predict job, as its queue holds it: checked again when it is read. */
export const predictInput = z.object({
  image_url: z.string().min(1),
  top_k: z.number().int().min(1).max(100),
});

/** Input of an embed job. */
export const embedInput = z.object({
  text: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  truncate: z.boolean(),
});

/** What shapes a text. Absent is not null: the model has defaults of its own. */
const sampling = {
  maxTokens: z.number().int().min(1),
  temperature: z.number(),
  topP: z.number(),
  topK: z.number().int(),
  minP: z.number(),
  repetitionPenalty: z.number(),
  presencePenalty: z.number(),
  frequencyPenalty: z.number(),
  seed: z.number().int(),
  stop: z.array(z.string().min(1)),
  reproducible: z.boolean(),
};
const text = z.object(sampling).partial().required({ maxTokens: true });

/** Input of a generate job: a request for text. */
export const generateInput = text.extend({ kind: z.literal('text'), prompt: z.string() });

/** Input of a chat job. */
export const chatInput = text.extend({
  kind: z.literal('chat'),
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1),
});

/** Input of a predict job. */
export type PredictInput = z.infer<typeof predictInput>;
/** Input of an embed job. */
export type EmbedInput = z.infer<typeof embedInput>;
