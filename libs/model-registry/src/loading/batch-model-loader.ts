import type { Engine, ReplicaPoolOptions } from '@aerie/engine';
import type { Clock } from '@aerie/runtime';
import { BATCH_TASKS, type BatchTask, type BatchTaskKind, batchTaskOf, type TaskTypes } from '@aerie/tasks';
import type { LoadedModels } from '../loaded-model.js';
import type { TaskSections } from '../manifest/parse-manifest.js';
import type { RegistrySettings } from '../registry-settings.js';
import { CheckedFiles } from '../repository/checked-files.js';
import { BatchModel } from './batch-model.js';
import type { LoadRequest, ModelLoader } from './model-loader.js';
import { openFailure } from './open-failure.js';
import type { ModelRuntime } from './model-runtime.js';

/** Options for the loader. */
export interface BatchModelLoaderOptions {
  readonly engine: Engine;
  readonly settings: RegistrySettings;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** Manifest sections of the tasks whose models run in batches. */
export const BATCH_TASK_SECTIONS: TaskSections = Object.fromEntries(
  BATCH_TASKS.map(({ kind, optionsSchema }) => [kind, optionsSchema]),
);

/** Loads the models that run in batches: images, embeddings and raw tensors. */
export class BatchModelLoader implements ModelLoader {
  readonly sections = BATCH_TASK_SECTIONS;
  readonly #options: BatchModelLoaderOptions;

  constructor(options: BatchModelLoaderOptions) {
    this.#options = options;
  }

  async load(request: LoadRequest, signal: AbortSignal): Promise<ModelRuntime> {
    const { task } = request.model;
    const definition = batchTaskOf(task);
    if (definition === undefined)
      throw new Error(`Models of task "${task}" do not run in batches. This is a bug.`);
    return toRuntime(await this.#load(definition, request, signal));
  }

  async #load<K extends BatchTaskKind>(
    definition: BatchTask<K, unknown, TaskTypes[K]>,
    request: LoadRequest,
    signal: AbortSignal,
  ): Promise<BatchModel<K>> {
    const { model, version, recorder, onInference } = request;
    const { settings, clock } = this.#options;
    const files = new CheckedFiles({
      repository: settings.path,
      links: settings.links,
      directory: model.directory,
      sha256: model.sha256,
      signal,
    });
    const modelPath = await files.modelPath(version.file);
    const task = await definition.prepare(version.options, files);
    signal.throwIfAborted();
    const kernel = { moduleUrl: definition.kernelUrl, options: task.kernelOptions };
    const pool = await this.#options.engine
      .open<TaskTypes[K]['item'], TaskTypes[K]['result']>(
        { ...poolOptions(request, settings), modelPath, kernel, trialItems: task.trialItems },
        signal,
      )
      .catch(async (error: unknown) => {
        if (signal.aborted) throw error;
        throw await openFailure('the model', modelPath, error);
      });
    return new BatchModel<K>({
      name: model.name,
      version: version.version,
      task,
      pool,
      batching: model.batching,
      recorder,
      onInference,
      ...(clock === undefined ? {} : { clock }),
    });
  }
}

function poolOptions(
  { model, version }: LoadRequest,
  settings: RegistrySettings,
): Omit<ReplicaPoolOptions, 'modelPath' | 'kernel'> {
  const { count, intraOpThreads, dynamicQuantization, executionProviders, requireGpu, stallTimeoutMs } =
    model.replicas;
  return {
    model: model.name,
    version: version.version,
    // The engine derives missing values from the cores and the GPUs.
    ...(count === null ? {} : { replicas: count }),
    ...(intraOpThreads === null ? {} : { intraOpThreads }),
    ...(executionProviders === null ? {} : { executionProviders }),
    dynamicQuantization,
    device: requireGpu ? 'gpu' : settings.device,
    stallTimeoutMs,
    startTimeoutMs: settings.startTimeoutMs,
  };
}

function toRuntime<K extends BatchTaskKind>(model: BatchModel<K>): ModelRuntime {
  const { details } = model;
  return {
    model: model as unknown as LoadedModels[K],
    inputs: model.inputs,
    outputs: model.outputs,
    labels: 'labels' in details ? details.labels : null,
    activity: () => model.activity(),
    replicas: () => model.replicas(),
    injectFault: (kind) => {
      model.injectFault(kind);
    },
    close: (signal) => model.close(signal),
  };
}
