import type { ItemResult } from '@aerie/engine';
import type { LanguageModel, TextStream } from '@aerie/generation';
import type { BatchTaskKind, TaskTypes } from '@aerie/tasks';
import type { ModelReference } from './model-selector.js';

/** How one request to a model is treated. */
export interface SubmitOptions {
  /** When it aborts, the request leaves the queue and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Latest time for the results, in milliseconds as `performance.now()` counts. Default: none. */
  readonly deadline?: number;
  /** Higher runs first; default 0. */
  readonly priority?: number;
}

/**
 * What a request spent where, in milliseconds. The items of a request may run in several batches: stages are then the
 * sums over those batches, and `batchSize` is that of the largest.
 */
export interface InferenceStats {
  /** From the submit to the start of the first item. */
  readonly queueMs: number;
  readonly preprocessMs: number;
  readonly computeMs: number;
  readonly postprocessMs: number;
  /** Items in the batch, those of other requests included. */
  readonly batchSize: number;
}

/** The outcome of one request. */
export interface InferenceOutcome<R> {
  /** One result per item, in the order of the items. A refused item does not disturb its neighbours. */
  readonly results: readonly ItemResult<R>[];
  readonly stats: InferenceStats;
}

/** A version of a model that is ready to answer. Valid until the work it was handed to is done. */
export interface LoadedModel<K extends BatchTaskKind> {
  readonly name: string;
  /** Without `v`, such as `2`. */
  readonly version: string;
  /** What the use case needs to know of the model, such as its labels. */
  readonly details: TaskTypes[K]['details'];
  /**
   * Runs the items of one request.
   *
   * @throws AerieError OVERLOADED (queue full, with `retryAfterMs`), TIMEOUT, SHUTTING_DOWN, WORKER_LOST, INTERNAL;
   *   or the signal's reason.
   */
  infer(
    items: readonly TaskTypes[K]['item'][],
    options?: SubmitOptions,
  ): Promise<InferenceOutcome<TaskTypes[K]['result']>>;
}

/** An answer that may come from another model than the one that was asked for: from one of its fallbacks. */
export interface ServedTextStream extends TextStream {
  /** Whose answer this is; null before its first event. */
  readonly servedBy: ModelReference | null;
}

/** A version of a language model that is ready to answer. Valid until the work it was handed to is done. */
export interface LoadedTextModel {
  readonly name: string;
  /** Without `v`, such as `1`. */
  readonly version: string;
  /** Its streams are {@link ServedTextStream}s where fallbacks may serve. */
  readonly model: LanguageModel;
  /** The model itself, where `model` has fallbacks: what another model falls back on. */
  readonly withoutFallbacks?: LanguageModel;
  /** Tokens of prompt and text together; null when only the model's server knows. */
  readonly contextLength: number | null;
}

/** What a loaded model of each served task looks like. Another kind of task adds its row here. */
export type LoadedModels = { readonly [K in BatchTaskKind]: LoadedModel<K> } & {
  readonly 'text-generation': LoadedTextModel;
};

/** The kinds of task that the registry hands out models for. */
export type ServedTaskKind = keyof LoadedModels;
