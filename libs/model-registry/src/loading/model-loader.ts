import type { GenerationListener } from '../generation-event.js';
import type { InferenceListener } from '../inference-event.js';
import type { TaskSections } from '../manifest/parse-manifest.js';
import type { ModelSpec, VersionSpec } from '../model-spec.js';
import type { StatisticsRecorder } from '../statistics-recorder.js';
import type { LeasedModel } from '@aerie/providers';
import type { ModelRuntime } from './model-runtime.js';

/**
 * Loads a language model by its name, if it is not, and lends it.
 *
 * @throws AerieError MODEL_NOT_FOUND, MODEL_NOT_LOADED, SHUTTING_DOWN; or the signal's reason.
 */
export type BorrowModel = (name: string, signal: AbortSignal) => Promise<LeasedModel>;

/** One version to be loaded, and who wants to know of its work. */
export interface LoadRequest {
  readonly model: ModelSpec;
  readonly version: VersionSpec;
  readonly recorder: StatisticsRecorder;
  /** To be called for each batch that ended. */
  readonly onInference: InferenceListener;
  /** To be called for what a language model does. */
  readonly onGeneration?: GenerationListener;
  /** Lends the models that this one falls back on. */
  readonly borrow?: BorrowModel;
}

/** Loads versions of one family of tasks: the seam at which further kinds of task are plugged in. */
export interface ModelLoader {
  /** The tasks that it loads, each with the schema of its section in manifests (strict, everything with a default). */
  readonly sections: TaskSections;
  /** Whether a model of these tasks is this loader's. Default: every one is. */
  accepts?(model: ModelSpec): boolean;
  /**
   * Checks the files, opens the model and tries it out. Resolves when it can take traffic.
   *
   * @throws ModelLoadError, or whatever went wrong: both are logged, callers see the reason of the former only.
   */
  load(request: LoadRequest, signal: AbortSignal): Promise<ModelRuntime>;
}
