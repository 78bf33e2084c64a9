import { AerieError } from '@aerie/contracts';
import type { Engine, FaultKind } from '@aerie/engine';
import type { GenerationListener, GenerationModelEvent, GenerationState } from './generation-event.js';
import type { InferenceEvent, InferenceListener } from './inference-event.js';
import type { LeasedModel, UpstreamEntry } from '@aerie/upstreams';
import { backgroundClock, type Clock, type Logger } from '@aerie/runtime';
import type { LoadedModels, LoadedTextModel, ServedTaskKind } from './loaded-model.js';
import { BatchModelLoader } from './loading/batch-model-loader.js';
import type { ModelLoader } from './loading/model-loader.js';
import { upstreamSpec } from './manifest/upstream-spec.js';
import { ModelCatalog } from './model-catalog.js';
import type { ModelDescription, RegistryHealth } from './model-description.js';
import { ModelEntry, type VersionEntry } from './model-entry.js';
import { mayServe } from './may-serve.js';
import type { ModelReference, ModelSelector } from './model-selector.js';
import type { ModelSpec, VersionSpec } from './model-spec.js';
import type { RegistrySettings } from './registry-settings.js';
import { findModels } from './repository/find-models.js';
import { StatisticsRecorder } from './statistics-recorder.js';
import type { UnusableModel } from './unusable-model.js';
import { EagerLoading } from './versions/eager-loading.js';
import { ModelVersion } from './versions/model-version.js';

/** Options for a {@link ModelRegistry}. */
export interface ModelRegistryOptions {
  readonly settings: RegistrySettings;
  /** The registry closes the pools that it opened, but not the engine. */
  readonly engine: Engine;
  readonly logger: Logger;
  /** Loaders of further tasks, in addition to those whose models run in batches. */
  readonly loaders?: readonly ModelLoader[];
  /** Upstream models without a folder. A folder of the same name takes precedence. Never defaults of their task. */
  readonly upstreams?: readonly UpstreamEntry[];
  /** File through which the processes of a server share the first one's scan. Default: each scans. */
  readonly scanFile?: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Draws versions of a traffic split for callers without a key. Default: Math.random. */
  readonly random?: () => number;
}

/**
 * The models of a repository. Selects the version that serves a request, and loads and unloads versions.
 *
 * @example
 * await registry.scan();
 * registry.start();
 * const { results } = await registry.use('text-embedding', {}, signal, (model) =>
 *   model.infer([{ text: 'hello', truncate: false }], { signal }),
 * );
 */
export class ModelRegistry {
  readonly #options: ModelRegistryOptions;
  readonly #loaders: readonly ModelLoader[];
  readonly #clock: Clock;
  readonly #listeners = new Set<InferenceListener>();
  readonly #generationListeners = new Set<GenerationListener>();
  #catalog: ModelCatalog;
  #unusable: readonly UnusableModel[] = [];
  #eager: EagerLoading | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: ModelRegistryOptions) {
    this.#options = options;
    this.#clock = options.clock ?? backgroundClock;
    this.#loaders = [new BatchModelLoader(options), ...(options.loaders ?? [])];
    this.#catalog = new ModelCatalog([], options.settings.path);
  }

  /**
   * Reads all manifests. Must be called once, before anything else.
   *
   * @throws ModelRepositoryError for settings that name no folder, for a task with several models and no default, and
   *   with REQUIRE_MODELS=all for a folder that cannot be used, naming the file and the field.
   */
  async scan(): Promise<void> {
    const { settings, logger, scanFile, upstreams = [] } = this.#options;
    const sections = Object.assign(
      {},
      ...this.#loaders.map((loader) => loader.sections),
    ) as ModelLoader['sections'];
    const { specs, unusable } = await findModels({
      settings,
      sections,
      logger,
      upstreams: upstreams.map((entry) => upstreamSpec(entry, settings)),
      scanFile,
    });
    this.#unusable = unusable;
    const entries = specs.flatMap((spec) => {
      const loader = this.#loaders.find(
        (candidate) => spec.task in candidate.sections && (candidate.accepts?.(spec) ?? true),
      );
      if (loader !== undefined) return [this.#entry(spec, loader)];
      logger.info({ model: spec.name, task: spec.task }, 'model skipped: this build does not serve its task');
      return [];
    });
    this.#catalog = new ModelCatalog(entries, settings.path);
  }

  /** Starts to load the eager versions in the background. Failed loads are retried. */
  start(): void {
    if (this.#closing !== null || this.#eager !== null) return;
    // Language models first, because they take the longest.
    const isText = ({ spec }: ModelEntry): boolean => spec.task === 'text-generation';
    const entries = [...this.#catalog.entries].sort((a, b) => Number(isText(b)) - Number(isText(a)));
    const eager = entries.flatMap(({ versions }) => versions.filter(({ spec }) => spec.load === 'eager'));
    this.#eager = new EagerLoading(
      eager.map(({ lifecycle }) => lifecycle),
      this.#clock,
      () => {
        const loaded = eager.filter(({ lifecycle }) => lifecycle.state === 'ready');
        this.#options.logger.info({ models: loaded.map(({ lifecycle }) => lifecycle.name) }, 'ready');
      },
      this.#options.settings.requireModels,
    );
    this.#eager.start();
  }

  /**
   * Runs `work` with the version that `selector` selects, and loads the version first if necessary. It stays loaded until
   * `work` is done.
   *
   * @param signal ends the wait for the load; hand it to `infer` too.
   * @throws AerieError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, MODEL_NOT_LOADED, SHUTTING_DOWN; the signal's reason;
   *   or the error of `work`.
   */
  async use<K extends ServedTaskKind, R>(
    kind: K,
    selector: ModelSelector,
    signal: AbortSignal | undefined,
    work: (model: LoadedModels[K]) => Promise<R>,
  ): Promise<R> {
    signal?.throwIfAborted();
    if (this.#closing !== null) {
      throw new AerieError('SHUTTING_DOWN', 'The server is shutting down and accepts no more requests.');
    }
    const { lifecycle } = this.#catalog.find(kind, selector.model).choose(selector);
    const lease = await lifecycle.acquire(signal);
    try {
      // The catalog only finds models of this kind, and their loader makes what the kind says.
      return await work(lease.runtime.model as LoadedModels[K]);
    } finally {
      lease.release();
    }
  }

  /**
   * The version that would serve a request, without loading it. With a traffic split and no sticky key, another version
   * may serve the next request.
   *
   * @throws AerieError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND
   */
  resolve(kind: ServedTaskKind, selector: ModelSelector): ModelReference {
    const entry = this.#catalog.find(kind, selector.model);
    return { name: entry.spec.name, version: entry.choose(selector).spec.version };
  }

  /** All models, by name. */
  describe(): readonly ModelDescription[] {
    return this.#catalog.entries.map((entry) => entry.describe());
  }

  /** @throws AerieError MODEL_NOT_FOUND */
  describeModel(name: string): ModelDescription {
    return this.#catalog.get(name).describe();
  }

  /** Folders of the repository that cannot be served, and why. */
  get unusable(): readonly UnusableModel[] {
    return this.#unusable;
  }

  health(): RegistryHealth {
    const models = this.#catalog.entries.flatMap((entry) => entry.health());
    const { requireModels } = this.#options.settings;
    return {
      ready: this.#closing === null && mayServe(models, this.#unusable, requireModels),
      loaded: models.every(({ eager, state }) => !eager || state === 'ready'),
      models,
      unusable: this.#unusable,
    };
  }

  /**
   * Makes the next batch of a loaded version fail in the given way. For tests.
   *
   * @throws AerieError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, MODEL_NOT_LOADED; or the engine's refusal when faults
   *   are not allowed.
   */
  injectFault(name: string, version: string, kind: FaultKind): void {
    const { runtime } = this.#catalog.get(name).choose({ version }).lifecycle;
    if (runtime === null) {
      throw new AerieError('MODEL_NOT_LOADED', `The model "${name}" version ${version} is not loaded.`);
    }
    runtime.injectFault(kind);
  }

  /** Calls `listener` once for each batch that ended. Returns a function that stops it. */
  onInference(listener: InferenceListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Calls `listener` for events of language models. Returns a function that stops it. */
  onGeneration(listener: GenerationListener): () => void {
    this.#generationListeners.add(listener);
    return () => {
      this.#generationListeners.delete(listener);
    };
  }

  /** The current activity of the loaded language models of this process. */
  generation(): readonly GenerationState[] {
    return this.#catalog.entries.flatMap((entry) =>
      entry.versions.flatMap(({ spec, lifecycle }) => {
        const status = lifecycle.runtime?.generation?.();
        return status === undefined ? [] : [{ name: entry.spec.name, version: spec.version, status }];
      }),
    );
  }

  /**
   * Accepts no more requests, waits for accepted ones (until `signal` aborts), and unloads everything.
   * Idempotent.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#close(signal);
    return this.#closing;
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    this.#eager?.stop();
    await Promise.all(this.#versions().map(({ lifecycle }) => lifecycle.close(signal)));
  }

  async #borrow(name: string, signal: AbortSignal): Promise<LeasedModel> {
    const { lifecycle } = this.#catalog.find('text-generation', name).choose({});
    const lease = await lifecycle.acquire(signal);
    // The catalog only finds language models here.
    const loaded = lease.runtime.model as LoadedTextModel;
    return {
      name: loaded.name,
      version: loaded.version,
      model: loaded.withoutFallbacks ?? loaded.model,
      release: () => {
        lease.release();
      },
    };
  }

  #versions(): readonly VersionEntry[] {
    return this.#catalog.entries.flatMap(({ versions }) => versions);
  }

  #entry(spec: ModelSpec, loader: ModelLoader): ModelEntry {
    const { settings, random } = this.#options;
    return new ModelEntry({
      spec,
      versions: spec.versions.map((version) => this.#version(spec, version, loader)),
      gpuWanted: settings.device === 'gpu',
      random,
    });
  }

  #version(model: ModelSpec, version: VersionSpec, loader: ModelLoader): VersionEntry {
    const recorder = new StatisticsRecorder();
    const onInference = (event: InferenceEvent): void => {
      for (const listener of this.#listeners) listener(event);
    };
    const onGeneration = (event: GenerationModelEvent): void => {
      for (const listener of this.#generationListeners) listener(event);
    };
    const lifecycle = new ModelVersion({
      reference: { name: model.name, version: version.version },
      open: (signal) =>
        loader.load(
          {
            model,
            version,
            recorder,
            onInference,
            onGeneration,
            borrow: (name, wait) => this.#borrow(name, wait),
          },
          signal,
        ),
      keepAliveMs: version.load === 'lazy' ? model.keepAliveMs : 0,
      clock: this.#clock,
      logger: this.#options.logger,
    });
    return { spec: version, lifecycle, recorder };
  }
}
