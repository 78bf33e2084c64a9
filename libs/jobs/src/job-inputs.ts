import { z } from 'zod';

/** Kinds of work that can be a job. Each is also a synchronous route of the same body. */
export const JOB_TASKS = ['predict', 'embed'] as const;

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

/** Input of a predict job. */
export type PredictInput = z.infer<typeof predictInput>;
/** Input of an embed job. */
export type EmbedInput = z.infer<typeof embedInput>;
