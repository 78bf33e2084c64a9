/** The tasks that models serve, by their names in manifests. */
export const TASK_KINDS = ['image-classification', 'text-embedding', 'text-generation', 'tensor'] as const;

/** A task: determines a model's inputs and results. */
export type TaskKind = (typeof TASK_KINDS)[number];
