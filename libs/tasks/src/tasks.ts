import type { BatchTypes } from './batch-types.js';
import { imageClassificationTask } from './image-classification/classification.task.js';
import type { BatchRoute, RestRoute, RouteTypes } from './rest-route.js';
import type { BatchTask } from './task-definition.js';
import { tensorTask } from './tensor/tensor.task.js';
import { textEmbeddingTask } from './text-embedding/embedding.task.js';
import { textGenerationTask } from './text-generation/generation.task.js';
import type { TextRoute } from './text-generation/text.routes.js';

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

/** A route to models that run batch by batch, whichever it is. */
export type AnyBatchRoute = BatchRoute<BatchTaskKind, RouteTypes>;

/** A route, whichever it is. */
export type AnyRoute = RestRoute<TaskKind, object, unknown>;

/** The routes to models that run batch by batch. */
export const BATCH_ROUTES: readonly AnyBatchRoute[] = BATCH_TASKS.flatMap(({ routes }) => routes);

/** The routes to language models. */
export const TEXT_ROUTES: readonly TextRoute[] = textGenerationTask.routes;

/** Every route. */
export const REST_ROUTES: readonly AnyRoute[] = TASKS.flatMap<AnyRoute>(({ routes }) => routes);

/** Names of the routes: the tasks that jobs and job batches can have. */
export const ROUTE_NAMES: readonly string[] = REST_ROUTES.map(({ name }) => name);

const ROUTES_BY_NAME: ReadonlyMap<string, AnyRoute> = new Map(
  REST_ROUTES.map((route) => [route.name, route]),
);

/** The route of this name, which must exist. */
export function routeOf(name: string): AnyRoute {
  const route = ROUTES_BY_NAME.get(name);
  if (route === undefined) throw new Error(`There is no route "${name}". This is a bug.`);
  return route;
}

/** The task of this kind whose models run batch by batch; undefined when its models do not. */
export function batchTaskOf<K extends TaskKind>(
  kind: K,
): K extends BatchTaskKind ? BatchTask<K, unknown, TaskTypes[K]> : undefined {
  return BATCH_TASKS.find((task) => task.kind === kind) as never;
}
