import { OpenAiModel, type UpstreamOptions, type SecretReader, toUpstreamOptions } from '@aerie/upstreams';
import { AerieError } from '@aerie/contracts';
import { backgroundClock, type Logger, withFields } from '@aerie/runtime';
import { ModelLoadError } from '../model-load.error.js';
import type { ModelReference } from '../model-selector.js';
import type { ModelSpec } from '../model-spec.js';
import { GENERATION_SECTIONS } from './generation-section.js';
import type { BorrowModel, LoadRequest, ModelLoader } from './model-loader.js';
import type { ModelRuntime } from './model-runtime.js';
import { UpstreamModel } from './upstream-model.js';
import { fallbacksOf, isUpstream, type UpstreamVersionOptions } from '../manifest/upstream-section.js';

/** Options for the loader. */
export interface UpstreamModelLoaderOptions {
  /** Reads the API keys whose variables manifests name. */
  readonly secrets: SecretReader;
  readonly logger: Logger;
  /** Time to the first sign of an answer, where a manifest names none. */
  readonly firstTokenTimeoutMs: number;
}

/** Loads models that run on upstreams. No connection is opened before the first request. */
export class UpstreamModelLoader implements ModelLoader {
  readonly sections = GENERATION_SECTIONS;
  readonly #options: UpstreamModelLoaderOptions;

  constructor(options: UpstreamModelLoaderOptions) {
    this.#options = options;
  }

  accepts({ versions }: ModelSpec): boolean {
    return versions.some(({ options }) => isUpstream(options));
  }

  load(request: LoadRequest): Promise<ModelRuntime> {
    return new Promise((resolve) => {
      resolve(this.#load(request));
    });
  }

  #load({ model, version, recorder, onGeneration, borrow = lendsNothing }: LoadRequest): UpstreamModel {
    const { logger } = this.#options;
    const { options } = version;
    if (!isUpstream(options)) throw new Error(`The model ${model.name} has no upstream. This is a bug.`);
    return new UpstreamModel({
      name: model.name,
      version: version.version,
      upstream: this.#open({ name: model.name, version: version.version }, options),
      fallbacks: fallbacksOf(options),
      borrow,
      recorder,
      report: (occurrence) => onGeneration?.({ ...occurrence, model: model.name, version: version.version }),
      logger,
      now: () => backgroundClock.now(),
    });
  }

  #open({ name, version }: ModelReference, options: UpstreamVersionOptions): OpenAiModel {
    const { secrets, logger, firstTokenTimeoutMs } = this.#options;
    try {
      const resolved: UpstreamOptions =
        'entry' in options
          ? options.entry.options
          : toUpstreamOptions(name, options, secrets, { firstTokenTimeoutMs });
      return new OpenAiModel(resolved, { logger: withFields(logger, { model: name, version }) });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new ModelLoadError('its upstream is not configured', detail, error);
    }
  }
}

const lendsNothing: BorrowModel = (name) =>
  Promise.reject(new AerieError('MODEL_NOT_FOUND', `There is no model "${name}" to fall back on.`));
