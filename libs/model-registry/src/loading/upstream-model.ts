import type { ReplicaStatus } from '@aerie/engine';
import { FallbackModel, type OpenAiModel, type UpstreamStatus } from '@aerie/upstreams';
import { AerieError } from '@aerie/contracts';
import type { Logger } from '@aerie/runtime';
import type { GenerationOccurrence } from '../generation-event.js';
import type { LoadedTextModel } from '../loaded-model.js';
import type { ModelReference } from '../model-selector.js';
import type { StatisticsRecorder } from '../statistics-recorder.js';
import type { BorrowModel } from './model-loader.js';
import type { ModelRuntime, RuntimeActivity } from './model-runtime.js';
import { ObservedModel } from './observed-model.js';

/** Options for a model that runs on an upstream. */
export interface UpstreamModelOptions extends ModelReference {
  readonly upstream: OpenAiModel;
  /** Names of the models that serve if the upstream cannot, in order. */
  readonly fallbacks: readonly string[];
  readonly borrow: BorrowModel;
  readonly recorder: StatisticsRecorder;
  /** Receives the events of the upstream's own answers; a fallback reports its own. */
  readonly report: (occurrence: GenerationOccurrence) => void;
  readonly logger: Logger;
  /** Milliseconds, rising. */
  readonly now: () => number;
}

/** A model that runs on an upstream, with its fallbacks, for health checks and use cases. */
export class UpstreamModel implements ModelRuntime {
  readonly model: LoadedTextModel;
  readonly inputs = [];
  readonly outputs = [];
  readonly labels = null;
  readonly #options: UpstreamModelOptions;

  constructor(options: UpstreamModelOptions) {
    this.#options = options;
    const { name, version, upstream, fallbacks, borrow, recorder, report, logger, now } = options;
    const own = new ObservedModel(upstream, report, now);
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

  /** Work on an upstream cannot be stuck here. */
  activity(): RuntimeActivity {
    return { queueLength: 0, runningBatches: 0, stalledForMs: null };
  }

  replicas(): readonly ReplicaStatus[] {
    return [];
  }

  upstream(): UpstreamStatus {
    return this.#options.upstream.status();
  }

  injectFault(): void {
    throw new AerieError('INVALID_INPUT', `The model "${this.#options.name}" runs on another server.`);
  }

  close(): Promise<void> {
    return this.#options.upstream.close();
  }
}
