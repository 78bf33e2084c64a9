import type { GenerationRequest, GenerationStatus, LanguageModel, TextStream } from '@aerie/generation';
import type { FaultKind, ReplicaState, ReplicaStatus } from '@aerie/engine';
import type { LoadedTextModel } from '../loaded-model.js';
import type { ModelRuntime, RuntimeActivity } from './model-runtime.js';

/** A stream of the engine, which also knows where it stands. */
export interface EngineStream extends TextStream {
  /** Whether the stream has ended. */
  readonly ended: boolean;
  /** Whether generation is paused because the reader is too far behind. */
  readonly paused: boolean;
}

/** The part of a generation engine that a model runtime needs. */
export interface TextEngine extends LanguageModel {
  readonly model: { readonly contextLength: number; readonly provider: string };
  generate(request: GenerationRequest, signal?: AbortSignal): EngineStream;
  status(): GenerationStatus;
  injectFault(kind: FaultKind): void;
  close(): Promise<void>;
}

/** Options for a generation model. */
export interface GenerationModelOptions {
  readonly name: string;
  readonly version: string;
  readonly engine: TextEngine;
  /** Milliseconds, rising. */
  readonly now: () => number;
}

/** A loaded version of a language model: its engine, for health checks and use cases. */
export class GenerationModel implements ModelRuntime, LanguageModel {
  readonly model: LoadedTextModel;
  readonly inputs = [];
  readonly outputs = [];
  readonly labels = null;
  readonly #engine: TextEngine;
  readonly #now: () => number;
  readonly #streams = new Set<EngineStream>();
  #busySince = 0;

  constructor({ name, version, engine, now }: GenerationModelOptions) {
    this.#engine = engine;
    this.#now = now;
    this.model = { name, version, model: this, contextLength: engine.model.contextLength };
  }

  generate(request: GenerationRequest, signal?: AbortSignal): TextStream {
    const stream = this.#engine.generate(request, signal);
    this.#forgetEnded();
    if (this.#streams.size === 0) this.#busySince = this.#now();
    this.#streams.add(stream);
    return stream;
  }

  activity(): RuntimeActivity {
    const { waiting, running } = this.#engine.status();
    return { queueLength: waiting, runningBatches: running > 0 ? 1 : 0, stalledForMs: this.#stalledForMs() };
  }

  replicas(): readonly ReplicaStatus[] {
    const { restarts } = this.#engine.status();
    const { provider } = this.#engine.model;
    return [{ index: 0, state: this.#replicaState(), provider, deviceId: null, restarts }];
  }

  generation(): GenerationStatus {
    return this.#engine.status();
  }

  injectFault(kind: FaultKind): void {
    this.#engine.injectFault(kind);
  }

  /** Accepted texts hold leases, so they have already ended when this is called. */
  close(): Promise<void> {
    return this.#engine.close();
  }

  /** How long the engine has had work without progress. A text that waits for its slow reader does not count as work. */
  #stalledForMs(): number | null {
    this.#forgetEnded();
    if (![...this.#streams].some(({ paused }) => !paused)) return null;
    return Math.min(this.#engine.status().sinceProgressMs, this.#now() - this.#busySince);
  }

  #replicaState(): ReplicaState {
    const { state, running } = this.#engine.status();
    switch (state) {
      case 'ready':
        return running > 0 ? 'busy' : 'idle';
      case 'restarting':
      case 'closed':
        return state;
    }
  }

  #forgetEnded(): void {
    for (const stream of this.#streams) if (stream.ended) this.#streams.delete(stream);
  }
}
