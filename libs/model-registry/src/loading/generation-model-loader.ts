import { isAbsolute, join } from 'node:path';
import type { OrtBinding } from '@aerie/engine';
import { GenerationEngine, type GenerationEngineOptions, type GenerationObserver } from '@aerie/generation';
import { backgroundClock, type Logger } from '@aerie/runtime';
import type { GenerationListener } from '../generation-event.js';
import { ModelLoadError } from '../model-load.error.js';
import type { ModelSpec } from '../model-spec.js';
import type { RegistrySettings } from '../registry-settings.js';
import { CheckedFiles } from '../repository/checked-files.js';
import { GENERATION_SECTIONS, generationOptionsOf, mebibytes } from './generation-section.js';
import { GenerationModel, type TextEngine } from './generation-model.js';
import type { LoadRequest, ModelLoader } from './model-loader.js';
import { openFailure } from './open-failure.js';
import { isUpstream } from '../manifest/upstream-section.js';
import type { ModelRuntime } from './model-runtime.js';

/** Optional files that the engine reads in addition to tokenizer.json. */
const OPTIONAL_FILES = [
  'tokenizer_config.json',
  'chat_template.jinja',
  'generation_config.json',
  'config.json',
];

/** Options for the loader. */
export interface GenerationModelLoaderOptions {
  readonly settings: RegistrySettings;
  readonly logger: Logger;
  /** Cores that a language model may use; it shares them with replicas, which rarely all run at once. */
  readonly cores: number;
  readonly faultsAllowed: boolean;
  readonly binding: OrtBinding;
  /** Default: an engine in its own worker thread. */
  readonly open?: (options: GenerationEngineOptions) => Promise<TextEngine>;
}

/** Loads language models that run in this process, each in its own worker thread with continuous batching. */
export class GenerationModelLoader implements ModelLoader {
  readonly sections = GENERATION_SECTIONS;
  readonly #options: GenerationModelLoaderOptions;
  readonly #open: (options: GenerationEngineOptions) => Promise<TextEngine>;

  constructor(options: GenerationModelLoaderOptions) {
    this.#options = options;
    this.#open = options.open ?? ((engineOptions) => GenerationEngine.open(engineOptions));
  }

  accepts({ versions }: ModelSpec): boolean {
    return !versions.some(({ options }) => isUpstream(options));
  }

  async load(request: LoadRequest, signal: AbortSignal): Promise<ModelRuntime> {
    const options = await this.#engineOptions(request, signal);
    signal.throwIfAborted();
    const engine = await this.#open(options).catch(async (error: unknown) => {
      throw await openFailure('the language model', options.modelPath, error);
    });
    if (signal.aborted) {
      await engine.close();
      throw signal.reason;
    }
    const { model, version } = request;
    return new GenerationModel({
      name: model.name,
      version: version.version,
      engine,
      now: () => backgroundClock.now(),
    });
  }

  async #engineOptions(request: LoadRequest, signal: AbortSignal): Promise<GenerationEngineOptions> {
    const { model, version } = request;
    const { settings, cores, faultsAllowed } = this.#options;
    const options = generationOptionsOf(version.options);
    const files = new CheckedFiles({
      repository: settings.path,
      links: settings.links,
      directory: model.directory,
      sha256: model.sha256,
      signal,
    });
    return {
      name: `${model.name}@${version.version}`,
      modelPath: await files.modelPath(version.file),
      binding: this.#options.binding,
      directory: await checkedFolder(files, model.directory, options.files),
      contextLength: options.context_length,
      maxSlots: options.max_slots,
      maxQueue: model.batching.maxQueueSize,
      chunkSize: options.chunk_size,
      intraOpThreads: model.replicas.intraOpThreads ?? cores,
      allowSpinning: options.allow_spinning,
      ...(options.kv_budget_mib === undefined ? {} : { kvBudgetBytes: mebibytes(options.kv_budget_mib) }),
      prefixCacheBytes: mebibytes(options.prefix_cache_mib),
      ...(options.query_groups === undefined ? {} : { queryGroups: options.query_groups }),
      stallTimeoutMs: model.replicas.stallTimeoutMs,
      startTimeoutMs: settings.startTimeoutMs,
      faultsAllowed,
      observer: this.#observer(request),
    };
  }

  #observer({ model, version, recorder, onGeneration }: LoadRequest): GenerationObserver {
    const whose = { model: model.name, version: version.version };
    const report = (event: Parameters<GenerationListener>[0]): void => onGeneration?.(event);
    return {
      onStep: (step) => report({ ...whose, type: 'step', step }),
      onFirstToken: (elapsedMs) => report({ ...whose, type: 'first-token', elapsedMs }),
      onInterToken: (elapsedMs) => report({ ...whose, type: 'inter-token', elapsedMs }),
      onEnd: (record) => {
        if (record.outcome === 'completed') recorder.requestSucceeded(record.totalMs);
        else if (record.outcome === 'failed') recorder.requestFailed();
        report({ ...whose, type: 'end', record });
      },
      onNotice: ({ level, message, cause }) => {
        this.#options.logger[level](cause === undefined ? whose : { ...whose, err: cause }, message);
      },
    };
  }
}

/** Checks every file that the engine will read and returns their folder. */
async function checkedFolder(files: CheckedFiles, directory: string, folder: string): Promise<string> {
  if (isAbsolute(folder)) {
    throw new ModelLoadError('a file of the model was refused', `${folder} is outside the model's folder`);
  }
  await files.path(join(folder, 'tokenizer.json'));
  for (const name of OPTIONAL_FILES) {
    const file = join(folder, name);
    if (await files.has(file)) await files.path(file);
  }
  return join(directory, folder);
}
