import type { GenerationListener } from '../generation-event.js';
import type { InferenceListener } from '../inference-event.js';
import type { TaskSections } from '../manifest/parse-manifest.js';
import type { ModelSpec, VersionSpec } from '../model-spec.js';
import type { StatisticsRecorder } from '../statistics-recorder.js';
import type { LeasedModel } from '@aerie/upstreams';
import type { ModelRuntime } from './model-runtime.js';

/**
 * Loads a language model by its name, if it is not, and lends it.
 *
 * @throws AerieError MODEL_NOT_FOUND, MODEL_NOT_LOADED, SHUTTING_DOWN; or the signal's reason.
 */
export type BorrowModel = (name: string, signal: AbortSignal) => Promise<LeasedModel>;

/** A version to load, and the listeners for its work. */
export interface LoadRequest {
  readonly model: ModelSpec;
  readonly version: VersionSpec;
  readonly recorder: StatisticsRecorder;
  /** Called when a batch ends. */
  readonly onInference: InferenceListener;
  /** Called for the events of a language model. */
  readonly onGeneration?: GenerationListener;
  /** Lends the fallbacks of this model. */
  readonly borrow?: BorrowModel;
}

/** Loads versions of one family of tasks. Implement this to add a family. */
export interface ModelLoader {
  /** The tasks that it loads, each with the schema of its manifest section (strict, with defaults for everything). */
  readonly sections: TaskSections;
  /** Whether this loader loads a model of these tasks. Default: it loads all of them. */
  accepts?(model: ModelSpec): boolean;
  /**
   * Checks the files, opens the model and runs a trial input. Resolves when the model can serve traffic.
   *
   * @throws ModelLoadError or another error: both are logged, but callers see only the reason of a ModelLoadError.
   */
  load(request: LoadRequest, signal: AbortSignal): Promise<ModelRuntime>;
}
