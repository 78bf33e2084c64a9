import { OpenAiProvider, type ProviderOptions, type SecretReader, toProviderOptions } from '@aerie/providers';
import { AerieError } from '@aerie/contracts';
import { backgroundClock, type Logger } from '@aerie/runtime';
import { ModelLoadError } from '../model-load.error.js';
import type { ModelSpec } from '../model-spec.js';
import { GENERATION_SECTIONS } from './generation-section.js';
import type { BorrowModel, LoadRequest, ModelLoader } from './model-loader.js';
import type { ModelRuntime } from './model-runtime.js';
import { ProviderModel } from './provider-model.js';
import { fallbacksOf, isProvider, type ProviderVersionOptions } from './provider-section.js';

/** Options for the loader. */
export interface ProviderModelLoaderOptions {
  /** Reads the API keys whose variables manifests name. */
  readonly secrets: SecretReader;
  readonly logger: Logger;
}

/** Loads models that run on upstreams. No connection is opened before the first request. */
export class ProviderModelLoader implements ModelLoader {
  readonly sections = GENERATION_SECTIONS;
  readonly #options: ProviderModelLoaderOptions;

  constructor(options: ProviderModelLoaderOptions) {
    this.#options = options;
  }

  accepts({ versions }: ModelSpec): boolean {
    return versions.some(({ options }) => isProvider(options));
  }

  load(request: LoadRequest): Promise<ModelRuntime> {
    return new Promise((resolve) => {
      resolve(this.#load(request));
    });
  }

  #load({ model, version, recorder, onGeneration, borrow = lendsNothing }: LoadRequest): ProviderModel {
    const { logger } = this.#options;
    const { options } = version;
    if (!isProvider(options)) throw new Error(`The model ${model.name} has no provider. This is a bug.`);
    return new ProviderModel({
      name: model.name,
      version: version.version,
      provider: this.#open(model.name, options),
      fallbacks: fallbacksOf(options),
      borrow,
      recorder,
      report: (occurrence) => onGeneration?.({ ...occurrence, model: model.name, version: version.version }),
      logger,
      now: () => backgroundClock.now(),
    });
  }

  #open(name: string, options: ProviderVersionOptions): OpenAiProvider {
    const { secrets, logger } = this.#options;
    try {
      const resolved: ProviderOptions =
        'entry' in options ? options.entry.options : toProviderOptions(name, options, secrets);
      return new OpenAiProvider(resolved, { logger });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new ModelLoadError('its provider is not configured', detail, error);
    }
  }
}

const lendsNothing: BorrowModel = (name) =>
  Promise.reject(new AerieError('MODEL_NOT_FOUND', `There is no model "${name}" to fall back on.`));
