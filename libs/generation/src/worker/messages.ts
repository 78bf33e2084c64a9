import type { ProviderAttempt } from '@aerie/engine';
import type { GenerationRequest } from '../generation-request.js';
import type { StepRecord, StreamUpdate } from '../scheduler/stream-update.js';

/** Effect of an injected fault on the next step, for tests. */
export type GenerationFault =
  /** The model's run throws. */
  | 'throw'
  /** The thread blocks for ever. */
  | 'hang'
  /** The thread exits. */
  | 'die'
  /** The whole process aborts, as a crash in native code would make it. */
  | 'crash';

/**
 * A message to the generation thread. After `close` it releases the model and ends; after `exit` it ends as soon as it
 * returns from native code.
 */
export type ToWorker =
  | { readonly type: 'generate'; readonly id: number; readonly request: GenerationRequest }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'pause'; readonly id: number; readonly paused: boolean }
  | { readonly type: 'fault'; readonly kind: GenerationFault }
  | { readonly type: 'close' }
  | { readonly type: 'exit' };

/** An execution provider that did not work. */
export interface FailedProvider {
  /** ONNX Runtime's name for it. */
  readonly provider: string;
  readonly reason: string;
}

/** Properties of the model, found by loading it. */
export interface LanguageModelInfo {
  readonly vocabSize: number;
  /** Tokens of prompt and text together that fit. */
  readonly contextLength: number;
  /** `hugging-face` is the slow path: one sequence at a time, caches copied with every token. */
  readonly decoder: 'external-kv' | 'hugging-face';
  readonly hasChatTemplate: boolean;
  /** Execution provider in use. */
  readonly provider: string;
  /** Execution providers that failed before it. */
  readonly failedProviders: readonly FailedProvider[];
}

/** State of the thread after a step. */
export interface WorkerState {
  /** Whether another step follows by itself. */
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
  | { readonly type: 'ready'; readonly model: LanguageModelInfo }
  | { readonly type: 'failed'; readonly reason: string }
  | {
      readonly type: 'step';
      readonly updates: readonly StreamUpdate[];
      readonly steps: readonly StepRecord[];
      readonly state: WorkerState;
    }
  | { readonly type: 'fault'; readonly reason: string };

/** Start data of the thread. */
export interface WorkerOptions {
  readonly modelPath: string;
  readonly sessionModuleUrl: string;
  /** Execution providers to try, in order. */
  readonly providers: readonly ProviderAttempt[];
  readonly directory: string;
  readonly contextLength: number;
  readonly maxSlots: number;
  readonly chunkSize: number;
  readonly kvBudgetBytes: number | null;
  readonly prefixCacheBytes: number;
  readonly intraOpThreads: number;
  readonly allowSpinning: boolean;
  readonly spinMicroseconds: number;
  readonly queryGroups: number | null;
  readonly faultsAllowed: boolean;
  /** Memory of the thread's NativeGuard. */
  readonly guard: SharedArrayBuffer;
}
