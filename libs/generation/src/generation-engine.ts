import { AerieError, toCanceledError } from '@aerie/contracts';
import { Backoff, systemClock } from '@aerie/runtime';
import { checkRequest } from './check-request.js';
import type {
  GenerationEngineOptions,
  GenerationObserver,
  GenerationStatus,
} from './generation-engine-options.js';
import type { GenerationRequest } from './generation-request.js';
import { GenerationStream } from './generation-stream.js';
import { PendingRequest } from './pending-request.js';
import { PendingRequests } from './pending-requests.js';
import type { StreamUpdate } from './scheduler/stream-update.js';
import { WorkerLink } from './worker-link.js';
import { workerOptionsOf } from './worker-options.js';
import type { FromWorker, GenerationFault, LanguageModelInfo, WorkerState } from './worker/messages.js';

const DEFAULT_MAX_QUEUE = 256;
const IDLE: WorkerState = { hasWork: false, running: 0, waiting: 0, kvUsage: 0, received: 0 };
/** Waits before a lost thread is replaced. */
const RESTARTS = { firstMs: 100, maxMs: 30_000, healthyAfterMs: 60_000 };
/** How long closing waits for the model's current run. */
const CLOSE_GRACE_MS = 5_000;

/**
 * A language model in its own worker thread, which generates many texts at the same time.
 *
 * @example
 * const engine = await GenerationEngine.open({ name: 'smollm2', modelPath, directory, sessionModuleUrl });
 * for await (const event of engine.generate({ kind: 'chat', messages: [{ role: 'user', content: 'Hi' }] })) {
 *   if (event.type === 'text') process.stdout.write(event.text);
 * }
 */
export class GenerationEngine {
  readonly #options: GenerationEngineOptions;
  readonly #observer: GenerationObserver;
  readonly #workerUrl: URL;
  readonly #pending = new PendingRequests();
  #link: WorkerLink | null = null;
  #model: LanguageModelInfo | null = null;
  #state: GenerationStatus['state'] = 'restarting';
  #workerState = IDLE;
  #restarts = 0;
  readonly #backoff = new Backoff(RESTARTS);
  #cancelRestart: (() => void) | null = null;
  #lastProgressAt = performance.now();
  #readyAt = performance.now();
  #nextId = 1;

  private constructor(options: GenerationEngineOptions, workerUrl: URL) {
    this.#options = options;
    this.#observer = options.observer ?? {};
    this.#workerUrl = workerUrl;
  }

  /**
   * Loads the model.
   *
   * @param workerUrl the thread's module, where it is not beside this one.
   * @throws AerieError MODEL_NOT_LOADED with the reason as `cause`.
   */
  static async open(
    options: GenerationEngineOptions,
    workerUrl = new URL('./worker/generation.worker.js', import.meta.url),
  ): Promise<GenerationEngine> {
    const engine = new GenerationEngine(options, workerUrl);
    await new Promise<void>((resolve, reject) => {
      engine.#startThread(resolve, (reason) => {
        const cause = new Error(reason);
        reject(
          new AerieError('MODEL_NOT_LOADED', `the language model ${options.name} could not be loaded`, {
            cause,
          }),
        );
      });
    });
    return engine;
  }

  /** What was found when the model was loaded. */
  get model(): LanguageModelInfo {
    if (this.#model === null) throw new Error('the model is not loaded. This is a bug.');
    return this.#model;
  }

  /**
   * Starts a request. Aborting the signal ends it at once, in any state.
   *
   * @throws AerieError OVERLOADED if the queue is full, SHUTTING_DOWN if the engine is closed, INVALID_INPUT if a
   *   parameter is out of range. The stream throws later errors: CONTEXT_LENGTH_EXCEEDED, TIMEOUT,
   *   CANCELED, WORKER_LOST, INTERNAL.
   */
  generate(request: GenerationRequest, signal?: AbortSignal): GenerationStream {
    checkRequest(request, this.#maxSlots);
    if (this.#state === 'closed') throw new AerieError('SHUTTING_DOWN', 'the server is shutting down');
    this.#refuseWhenFull();
    const id = this.#nextId++;
    const stream = new GenerationStream({
      pause: (paused) => this.#link?.send({ type: 'pause', id, paused }),
      cancel: () => this.#abandon(id, null),
    });
    const now = (): number => performance.now();
    const pending = new PendingRequest({ id, request, stream, signal, observer: this.#observer, now });
    if (signal?.aborted === true) {
      pending.endStream(toCanceledError(signal.reason));
      pending.settle('canceled', stream.usage);
      return stream;
    }
    this.#pending.add(pending);
    pending.watch(
      (what, timeoutMs) => {
        this.#abandon(id, new AerieError('TIMEOUT', `${what} took longer than ${timeoutMs} ms`));
      },
      () => this.#abandon(id, toCanceledError(signal?.reason)),
    );
    if (this.#state === 'ready') this.#send(pending);
    return stream;
  }

  status(): GenerationStatus {
    const { running, kvUsage } = this.#workerState;
    return {
      state: this.#state,
      running,
      waiting: this.#pending.waiting(),
      kvUsage,
      restarts: this.#restarts,
      sinceProgressMs: performance.now() - this.#lastProgressAt,
      totals: this.#pending.totals,
    };
  }

  /** Makes the thread's next run of the model fail with this fault. For tests: refused unless faults are allowed. */
  injectFault(kind: GenerationFault): void {
    if (this.#options.faultsAllowed !== true)
      throw new Error('faults were not allowed when the engine was opened');
    this.#link?.send({ type: 'fault', kind });
  }

  /** Ends all remaining requests with SHUTTING_DOWN, then the thread. Idempotent. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#cancelRestart?.();
    this.#pending.fail(() => true, new AerieError('SHUTTING_DOWN', 'the server is shutting down'));
    const link = this.#link;
    this.#link = null;
    await link?.close(CLOSE_GRACE_MS);
  }

  get #maxSlots(): number {
    return this.#options.maxSlots ?? 8;
  }

  #refuseWhenFull(): void {
    const maxQueue = this.#options.maxQueue ?? DEFAULT_MAX_QUEUE;
    const free = Math.max(0, this.#maxSlots - this.#workerState.running);
    const waiting = this.#pending.waiting();
    if (waiting < maxQueue + free) return;
    // A slot is free again, on average, after a request's duration divided by the slots.
    const estimate = (this.#pending.meanRequestMs * (waiting + 1)) / this.#maxSlots;
    throw new AerieError(
      'OVERLOADED',
      `${waiting} requests are waiting and the limit is ${maxQueue}; try again later`,
      {
        retryAfterMs: Math.round(Math.min(30_000, Math.max(500, estimate))),
      },
    );
  }

  #send(pending: PendingRequest): void {
    pending.sent++;
    this.#link?.send({ type: 'generate', id: pending.id, request: pending.request });
  }

  /** Ends a request for its caller now, and in the thread before its next run; the thread's count then settles it. */
  #abandon(id: number, error: AerieError | null): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.endStream(error);
    if (this.#state === 'ready') this.#link?.send({ type: 'cancel', id });
    else this.#pending.settle(pending, 'canceled', pending.stream.usage);
  }

  #startThread(onReady: () => void, onFailed: (reason: string) => void): void {
    let ready = false;
    this.#link = new WorkerLink(
      {
        workerUrl: this.#workerUrl,
        name: `generation ${this.#options.name}`,
        workerOptions: workerOptionsOf(this.#options),
        startTimeoutMs: this.#options.startTimeoutMs ?? 120_000,
        stallTimeoutMs: this.#options.stallTimeoutMs ?? 30_000,
      },
      {
        onReady: (model) => {
          ready = true;
          this.#becomeReady(model);
          onReady();
        },
        onStep: (message) => this.#takeStep(message),
        onFault: (reason) => {
          this.#observer.onNotice?.({
            level: 'error',
            message: `a run of ${this.#options.name} failed`,
            cause: reason,
          });
        },
        onLost: (reason) => {
          if (ready) this.#replaceThread(reason);
          else onFailed(reason);
        },
      },
    );
  }

  #becomeReady(model: LanguageModelInfo): void {
    this.#model = model;
    this.#state = 'ready';
    this.#workerState = IDLE;
    this.#readyAt = this.#lastProgressAt = performance.now();
    for (const { provider, reason } of model.failedProviders) {
      const message = `${this.#options.name} does not run on ${provider}`;
      this.#observer.onNotice?.({ level: 'warn', message, cause: reason });
    }
    if (model.decoder === 'hugging-face') {
      const message = `${this.#options.name} keeps its caches as outputs: it runs on the slow path, one text per step`;
      this.#observer.onNotice?.({ level: 'warn', message });
    }
    for (const pending of this.#pending.all()) this.#send(pending);
  }

  /**
   * Running texts are lost with the thread. Waiting ones are sent to its successor, but only once: one of them may
   * be what brought the thread down.
   */
  #replaceThread(reason: string): void {
    if (this.#state === 'closed') return;
    this.#observer.onNotice?.({
      level: 'error',
      message: `the thread of ${this.#options.name} was lost: ${reason}`,
    });
    const message = 'the language model stopped while this text was generated; it is being restarted';
    this.#pending.fail(
      ({ started, sent, stream }) => this.#state === 'restarting' || started || sent > 1 || stream.ended,
      new AerieError('WORKER_LOST', message, { retryAfterMs: 1_000 }),
    );
    const upForMs = this.#state === 'ready' ? performance.now() - this.#readyAt : 0;
    this.#state = 'restarting';
    this.#workerState = IDLE;
    this.#link = null;
    this.#cancelRestart = systemClock.schedule(this.#backoff.fail(upForMs), () => {
      this.#restarts++;
      this.#startThread(
        () => undefined,
        (failure) => this.#replaceThread(failure),
      );
    });
  }

  #takeStep({ updates, steps, state }: Extract<FromWorker, { type: 'step' }>): void {
    this.#lastProgressAt = performance.now();
    this.#workerState = state;
    for (const step of steps) this.#observer.onStep?.(step);
    for (const update of updates) this.#takeUpdate(update);
  }

  #takeUpdate(update: StreamUpdate): void {
    const pending = this.#pending.get(update.id);
    if (pending === undefined) return;
    switch (update.type) {
      case 'started':
        pending.start();
        pending.stream.setUsage(update.usage);
        return;
      case 'event':
        pending.push(update.event);
        return;
      case 'ended': {
        const { usage, error } = update;
        const outcome = error === null ? 'completed' : error.code === 'CANCELED' ? 'canceled' : 'failed';
        pending.stream.setUsage(usage);
        pending.endStream(error === null ? null : AerieError.from(error));
        this.#pending.settle(pending, outcome, usage);
      }
    }
  }
}
