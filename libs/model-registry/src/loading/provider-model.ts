import type { ReplicaStatus } from '@aerie/engine';
import type { GenerationRequest, LanguageModel } from '@aerie/generation';
import { FallbackModel, type OpenAiProvider, type ProviderStatus } from '@aerie/providers';
import { AerieError } from '@aerie/contracts';
import type { Logger } from '@aerie/runtime';
import type { GenerationOccurrence } from '../generation-event.js';
import type { LoadedTextModel } from '../loaded-model.js';
import type { ModelReference } from '../model-selector.js';
import type { StatisticsRecorder } from '../statistics-recorder.js';
import { BorrowedStream } from './borrowed-stream.js';
import type { BorrowModel } from './model-loader.js';
import type { ModelRuntime, RuntimeActivity } from './model-runtime.js';
import { ObservedModel } from './observed-model.js';
import { ProviderStream } from './provider-stream.js';

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
export class ProviderModel implements ModelRuntime, LanguageModel {
  readonly model: LoadedTextModel;
  readonly inputs = [];
  readonly outputs = [];
  readonly labels = null;
  readonly #options: ProviderModelOptions;
  readonly #own: LanguageModel;

  constructor(options: ProviderModelOptions) {
    this.#options = options;
    const { name, version, provider, report, now } = options;
    this.#own = new ObservedModel(provider, report, now);
    this.model = { name, version, model: this, contextLength: null, withoutFallbacks: this.#own };
  }

  generate(request: GenerationRequest, signal?: AbortSignal): ProviderStream {
    const { name, version, fallbacks, borrow, recorder, logger, now } = this.#options;
    const startedAt = now();
    const borrowed = new Map<string, BorrowedStream>();
    const candidates = fallbacks.map((fallback) => ({
      name: fallback,
      model: {
        generate(ofFallback: GenerationRequest, ofCaller?: AbortSignal): BorrowedStream {
          const stream = new BorrowedStream(borrow, fallback, ofFallback, ofCaller);
          borrowed.set(fallback, stream);
          return stream;
        },
      },
    }));
    const model = new FallbackModel({ candidates: [{ name, model: this.#own }, ...candidates], logger });
    return new ProviderStream({
      stream: model.generate(request, signal),
      reference: (candidate) =>
        candidate === name ? { name, version } : (borrowed.get(candidate)?.reference ?? null),
      onEnd: (outcome) => {
        if (outcome === 'completed') recorder.requestSucceeded(now() - startedAt);
        else if (outcome === 'failed' && signal?.aborted !== true) recorder.requestFailed();
      },
    });
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
