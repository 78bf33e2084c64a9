import type { ReplicaStatus } from '@aerie/engine';
import { FallbackModel, type OpenAiProvider, type ProviderStatus } from '@aerie/providers';
import { AerieError } from '@aerie/contracts';
import type { Logger } from '@aerie/runtime';
import type { GenerationOccurrence } from '../generation-event.js';
import type { LoadedTextModel } from '../loaded-model.js';
import type { ModelReference } from '../model-selector.js';
import type { StatisticsRecorder } from '../statistics-recorder.js';
import type { BorrowModel } from './model-loader.js';
import type { ModelRuntime, RuntimeActivity } from './model-runtime.js';
import { ObservedModel } from './observed-model.js';

/** What a model of another server is made of. */
export interface ProviderModelOptions extends ModelReference {
  readonly provider: OpenAiProvider;
  /** Names of the models that serve when the provider cannot, in order. */
  readonly fallbacks: readonly string[];
  readonly borrow: BorrowModel;
  readonly recorder: StatisticsRecorder;
  /** Hears of what the provider's own answers do; those of a fallback are told by the fallback. */
  readonly report: (occurrence: GenerationOccurrence) => void;
  readonly logger: Logger;
  /** Milliseconds, rising. */
  readonly now: () => number;
}

/** A model of another server, with its fallbacks, as health and use cases see it. Nothing of it runs here. */
export class ProviderModel implements ModelRuntime {
  readonly model: LoadedTextModel;
  readonly inputs = [];
  readonly outputs = [];
  readonly labels = null;
  readonly #options: ProviderModelOptions;

  constructor(options: ProviderModelOptions) {
    this.#options = options;
    const { name, version, provider, fallbacks, borrow, recorder, report, logger, now } = options;
    const own = new ObservedModel(provider, report, now);
    const ready = { name, version, model: own, release: () => undefined };
    const model = new FallbackModel({
      candidates: [
        { name, acquire: () => Promise.resolve(ready) },
        ...fallbacks.map((fallback) => ({
          name: fallback,
          acquire: (signal: AbortSignal) => borrow(fallback, signal),
        })),
      ],
      logger,
      onEnd: (outcome, elapsedMs) => {
        if (outcome === 'completed') recorder.requestSucceeded(elapsedMs);
        else if (outcome === 'failed') recorder.requestFailed();
      },
    });
    this.model = { name, version, model, contextLength: null, withoutFallbacks: own };
  }

  /** Work of another server is none that could be stuck here. */
  activity(): RuntimeActivity {
    return { queueLength: 0, runningBatches: 0, stalledForMs: null };
  }

  replicas(): readonly ReplicaStatus[] {
    return [];
  }

  provider(): ProviderStatus {
    return this.#options.provider.status();
  }

  injectFault(): void {
    throw new AerieError('INVALID_INPUT', `The model "${this.#options.name}" runs on another server.`);
  }

  close(): Promise<void> {
    return this.#options.provider.close();
  }
}
