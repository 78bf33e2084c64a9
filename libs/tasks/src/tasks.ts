import { imageClassificationTask } from './image-classification/classification.task.js';
import type { BatchTask, BatchTypes } from './task-definition.js';
import { tensorTask } from './tensor/tensor.task.js';
import { textEmbeddingTask } from './text-embedding/embedding.task.js';
import { textGenerationTask } from './text-generation/generation.task.js';

/**
 * Every task, and the only list of them. A folder without a manifest is offered to them in this order; the last takes
 * any.
 */
export const TASKS = [imageClassificationTask, textEmbeddingTask, textGenerationTask, tensorTask] as const;

type AnyTask = (typeof TASKS)[number];
type AnyBatchTask = Extract<AnyTask, { readonly kernelUrl: string }>;

/** Kinds of task, as manifests name them. */
export type TaskKind = AnyTask['kind'];

/** Kinds of task whose models run batch by batch. Language models have an engine of their own. */
export type BatchTaskKind = AnyBatchTask['kind'];

/** Item, result and details of each task whose models run in batches. */
export type TaskTypes = { readonly [T in AnyBatchTask as T['kind']]: NonNullable<T['types']> };

/** Kinds of task, as manifests name them. */
export const TASK_KINDS: readonly TaskKind[] = TASKS.map(({ kind }) => kind);

/** The tasks whose models run batch by batch. */
export const BATCH_TASKS: readonly BatchTask<BatchTaskKind, unknown, BatchTypes>[] = TASKS.filter(
  (task) => 'kernelUrl' in task,
);

/** The task of this kind whose models run batch by batch; undefined when its models do not. */
export function batchTaskOf<K extends TaskKind>(
  kind: K,
): K extends BatchTaskKind ? BatchTask<K, unknown, TaskTypes[K]> : undefined {
  return BATCH_TASKS.find((task) => task.kind === kind) as never;
}
