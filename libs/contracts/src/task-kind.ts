/** The kinds of task a model can be served for, as manifests name them. */
export const TASK_KINDS = ['image-classification', 'text-embedding', 'text-generation', 'tensor'] as const;

/** A kind of task: what a model is fed with and what it answers. */
export type TaskKind = (typeof TASK_KINDS)[number];
