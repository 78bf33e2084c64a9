import type { ItemResult } from '@aerie/engine';
import type { LanguageModel, TextStream } from '@aerie/generation';
import type { BatchTaskKind, TaskTypes } from '@aerie/tasks';
import type { ModelReference } from './model-selector.js';

/** Options for one request to a model. */
export interface InferOptions {
  /** When it aborts, the request leaves the queue and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Deadline for the results, in milliseconds of `performance.now()`. Default: none. */
  readonly deadline?: number;
  /** Higher runs first; default 0. */
  readonly priority?: number;
}

/**
 * Time of a request in each stage, in milliseconds. The items may run in several batches: stages are then the
 * sums over those batches, and `batchSize` is that of the largest.
 */
export interface InferenceStats {
  /** From the submit to the start of the first item. */
  readonly queueMs: number;
  readonly preprocessMs: number;
  readonly computeMs: number;
  readonly postprocessMs: number;
  /** Items in the batch, including those of other requests. */
  readonly batchSize: number;
}

/** The outcome of one request. */
export interface InferenceOutcome<R> {
  /** One result per item, in the order of the items. A refused item does not affect the others. */
  readonly results: readonly ItemResult<R>[];
  readonly stats: InferenceStats;
}

/** A version of a model that is ready to serve. Valid until the work that uses it is done. */
export interface LoadedModel<K extends BatchTaskKind> {
  readonly name: string;
  /** Without `v`, such as `2`. */
  readonly version: string;
  /** Properties of the model for the use case, such as its labels. */
  readonly details: TaskTypes[K]['details'];
  /**
   * Runs the items of one request.
   *
   * @throws AerieError OVERLOADED (queue full, with `retryAfterMs`), TIMEOUT, SHUTTING_DOWN, WORKER_LOST, INTERNAL;
   *   or the signal's reason.
   */
  infer(
    items: readonly TaskTypes[K]['item'][],
    options?: InferOptions,
  ): Promise<InferenceOutcome<TaskTypes[K]['result']>>;
}

/** An answer that may come from another model than the requested one: from one of its fallbacks. */
export interface ServedTextStream extends TextStream {
  /** Whose answer this is; null before its first event. */
  readonly servedBy: ModelReference | null;
}

/** A version of a language model that is ready to serve. Valid until the work that uses it is done. */
export interface LoadedTextModel {
  readonly name: string;
  /** Without `v`, such as `1`. */
  readonly version: string;
  /** Its streams are {@link ServedTextStream}s if fallbacks may serve. */
  readonly model: LanguageModel;
  /** The model itself, where `model` has fallbacks: what another model falls back on. */
  readonly withoutFallbacks?: LanguageModel;
  /** Tokens of prompt and text together; null if only the upstream knows. */
  readonly contextLength: number | null;
}

/** The type of a loaded model by task. Add a row for a new task. */
export type LoadedModels = { readonly [K in BatchTaskKind]: LoadedModel<K> } & {
  readonly 'text-generation': LoadedTextModel;
};

/** The tasks whose models the registry provides. */
export type ServedTaskKind = keyof LoadedModels;
