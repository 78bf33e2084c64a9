import type { OpenSessionOptions, ProviderFailure, ThreadSession } from '@aerie/engine';
import type { SerializedError } from '@aerie/runtime';
import type { GenerationRequest } from '../generation-request.js';
import type { StepRecord, StreamUpdate } from '../scheduler/stream-update.js';

/** Effect of an injected fault on the next step, for tests. */
export type GenerationFault =
  /** The model's run throws. */
  | 'throw'
  /** The thread blocks forever. */
  | 'hang'
  /** The thread exits. */
  | 'die'
  /** The whole process aborts, as a crash in native code would make it. */
  | 'crash';

/** A message to the generation thread. */
export type ToWorker =
  | { readonly type: 'generate'; readonly id: number; readonly request: GenerationRequest }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'pause'; readonly id: number; readonly paused: boolean }
  | { readonly type: 'fault'; readonly kind: GenerationFault };

/** Properties of the model, found by loading it. */
export interface LanguageModelInfo extends ThreadSession {
  readonly vocabSize: number;
  /** Tokens of prompt and text together that fit. */
  readonly contextLength: number;
  /** `hugging-face` is the slow path: one sequence at a time, caches copied with every token. */
  readonly decoder: 'external-kv' | 'hugging-face';
  /** Execution providers that failed before it. */
  readonly failedProviders: readonly ProviderFailure[];
}

/** State of the thread after a step. */
export interface WorkerState {
  /** Whether another step follows without a further message. */
  readonly hasWork: boolean;
  /** Rows in use. */
  readonly running: number;
  /** Requests waiting for a row. */
  readonly waiting: number;
  /** Share of the token budget in use, 0..1. */
  readonly kvUsage: number;
  /** Requests received so far; later ones are not in this state yet. */
  readonly received: number;
}

/** A message from the generation thread. */
export type FromWorker =
  | {
      readonly type: 'step';
      readonly updates: readonly StreamUpdate[];
      readonly steps: readonly StepRecord[];
      readonly state: WorkerState;
    }
  | { readonly type: 'fault'; readonly error: SerializedError };

/** Start data of the thread. */
export interface WorkerOptions extends OpenSessionOptions {
  readonly directory: string;
  readonly contextLength: number;
  readonly maxSlots: number;
  readonly chunkSize: number;
  readonly kvBudgetBytes: number | null;
  readonly prefixCacheBytes: number;
  readonly queryGroups: number | null;
  readonly faultsAllowed: boolean;
}
