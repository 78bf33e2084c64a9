import type { OrtBinding, ProviderAttempt } from '@aerie/engine';
import type { Clock, SpawnThread } from '@aerie/runtime';
import type { GenerationUsage } from './generation-request.js';
import type { StepRecord } from './scheduler/stream-update.js';
import type { FromWorker, LanguageModelInfo, ToWorker } from './worker/messages.js';

/** Options for a language model. */
export interface GenerationEngineOptions {
  /** Name for logs and the thread, such as `smollm2-135m-instruct@1`. */
  readonly name: string;
  /** Absolute path of the ONNX file. */
  readonly modelPath: string;
  /** The way to ONNX Runtime. */
  readonly binding: Pick<OrtBinding, 'sessionFactoryUrl' | 'control'>;
  /** Execution providers to try, in order. Default: the CPU. */
  readonly providers?: readonly ProviderAttempt[];
  /**
   * Absolute path of the directory with `tokenizer.json` and, if the model has them, `tokenizer_config.json`,
   * `chat_template.jinja`, `generation_config.json` and `config.json`.
   */
  readonly directory: string;
  /** Tokens of prompt and text together, at most the context that the model was trained for. Default 2048. */
  readonly contextLength?: number;
  /** Texts generated at the same time. Default 8. */
  readonly maxSlots?: number;
  /** Maximum requests waiting for a slot; further ones are refused with OVERLOADED. Default 256. */
  readonly maxQueue?: number;
  /**
   * Prompt tokens prefilled at a time, which limits how long running texts wait. Default 64.
   * Greedy and seeded texts depend on it.
   */
  readonly chunkSize?: number;
  /** ONNX Runtime's intra-op threads. Default 1. */
  readonly intraOpThreads?: number;
  /** Keeps those threads spinning between runs: faster alone, slower for other work on the same cores. Default false. */
  readonly allowSpinning?: boolean;
  /**
   * How long those threads spin for more work within a run before they sleep. A step is a thousand short operators:
   * waking a thread for one costs as much as the operator. Spinning much longer takes the cores from other work.
   * Default 20.
   */
  readonly spinMicroseconds?: number;
  /** Bytes for keys and values of running texts. Default: enough for every slot at full length. */
  readonly kvBudgetBytes?: number;
  /** Bytes for keys and values that later requests may reuse; 0 turns reuse off. Default 256 MiB. */
  readonly prefixCacheBytes?: number;
  /** Query heads per key-value head, if no `config.json` has them. Default: found by trial. */
  readonly queryGroups?: number;
  /** A thread with work that reports nothing for this long counts as hung and is replaced. */
  readonly stallTimeoutMs: number;
  /** A thread whose model is not loaded after this time is given up. */
  readonly startTimeoutMs: number;
  /** Whether {@link GenerationEngine.injectFault} works. For tests. Default false. */
  readonly faultsAllowed?: boolean;
  /** Receives events for metrics and logs. */
  readonly observer?: GenerationObserver;
}

/** Dependencies of an engine. */
export interface GenerationEnginePorts {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Starts the thread. Default: one of `node:worker_threads`. */
  readonly spawn?: SpawnThread<ToWorker, FromWorker, LanguageModelInfo>;
}

/** How a request ended and the tokens it used; reported once per request, whatever its outcome. */
export interface GenerationRecord {
  readonly outcome: 'completed' | 'canceled' | 'failed';
  readonly usage: GenerationUsage;
  /** From acceptance until it left the queue; null if it never did. */
  readonly queueMs: number | null;
  readonly totalMs: number;
}

/** Hooks for metrics and logs. They must not throw. */
export interface GenerationObserver {
  /** A run of the model ended. */
  onStep?(step: StepRecord): void;
  /** The first piece of a request's text arrived, with the time since the request. */
  onFirstToken?(elapsedMs: number): void;
  /** A further piece of a choice's text arrived, with the time since the previous one. */
  onInterToken?(elapsedMs: number): void;
  /** A request ended. */
  onEnd?(record: GenerationRecord): void;
  /** An event for the log: a failed run, a lost thread, a slow path. */
  onNotice?(notice: {
    readonly level: 'info' | 'warn' | 'error';
    readonly message: string;
    readonly cause?: Error;
  }): void;
}

/** State of an engine, as health and metrics report it. */
export interface GenerationStatus {
  readonly state: 'ready' | 'restarting' | 'closed';
  /** Texts being generated. */
  readonly running: number;
  /** Requests waiting for a slot. */
  readonly waiting: number;
  /** Share of the key-value budget in use, 0..1. */
  readonly kvUsage: number;
  /** How often the thread was replaced. */
  readonly restarts: number;
  /** Milliseconds since the thread last reported progress. */
  readonly sinceProgressMs: number;
  /** Totals since the engine was opened. */
  readonly totals: GenerationTotals;
}

/** Totals since the engine was opened. */
export interface GenerationTotals {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
}
