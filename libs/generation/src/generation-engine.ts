import { AerieError, toCanceledError } from '@aerie/contracts';
import { SharedSessions } from '@aerie/engine';
import { type Clock, reviveError, SupervisedThread, systemClock, type ThreadLoss } from '@aerie/runtime';
import { checkRequest } from './check-request.js';
import type {
  GenerationEngineOptions,
  GenerationEnginePorts,
  GenerationObserver,
  GenerationStatus,
} from './generation-engine-options.js';
import type { GenerationRequest } from './generation-request.js';
import { GenerationStream } from './generation-stream.js';
import { generationThread, ONLY_THREAD } from './generation-thread.js';
import { PendingRequest } from './pending-request.js';
import { PendingRequests } from './pending-requests.js';
import type { StreamUpdate } from './scheduler/stream-update.js';
import type {
  FromWorker,
  GenerationFault,
  LanguageModelInfo,
  ToWorker,
  WorkerState,
} from './worker/messages.js';

const DEFAULT_MAX_QUEUE = 256;
const IDLE: WorkerState = { hasWork: false, running: 0, waiting: 0, kvUsage: 0, received: 0 };
/**
 * A language model in its own worker thread, which generates many texts at the same time.
 *
 * @example
 * const engine = await GenerationEngine.open({
 *   name: 'smollm2', modelPath, directory, binding, startTimeoutMs: 120_000, stallTimeoutMs: 10_000,
 * });
 * for await (const event of engine.generate({ kind: 'chat', messages: [{ role: 'user', content: 'Hi' }] })) {
 *   if (event.type === 'text') process.stdout.write(event.text);
 * }
 */
export class GenerationEngine {
  readonly #options: GenerationEngineOptions;
  readonly #observer: GenerationObserver;
  readonly #clock: Clock;
  readonly #thread: SupervisedThread<ToWorker, FromWorker, LanguageModelInfo>;
  readonly #pending = new PendingRequests();
  readonly #sessions: SharedSessions;
  #opening: { resolve(): void; reject(cause: Error): void } | null = null;
  #model: LanguageModelInfo | null = null;
  #workerState = IDLE;
  /** Requests sent to the thread of now. */
  #sent = 0;
  #lastProgressAt: number;
  #nextId = 1;

  private constructor(options: GenerationEngineOptions, ports: GenerationEnginePorts) {
    const { startTimeoutMs, stallTimeoutMs, binding } = options;
    this.#options = options;
    this.#sessions = new SharedSessions(binding.control, () => 'the only one');
    this.#observer = options.observer ?? {};
    this.#clock = ports.clock ?? systemClock;
    this.#lastProgressAt = this.#clock.now();
    this.#thread = new SupervisedThread({
      spawn: ports.spawn ?? generationThread(options, this.#sessions),
      owner: {
        ready: (model) => this.#becomeReady(model),
        message: (message) => this.#receive(message),
        lost: (loss) => this.#lose(loss),
      },
      startTimeoutMs,
      stallTimeoutMs,
      clock: this.#clock,
    });
  }

  /**
   * Loads the model.
   *
   * @throws AerieError MODEL_NOT_LOADED with the reason as `cause`.
   */
  static async open(
    options: GenerationEngineOptions,
    ports: GenerationEnginePorts = {},
  ): Promise<GenerationEngine> {
    const engine = new GenerationEngine(options, ports);
    try {
      await new Promise<void>((resolve, reject) => {
        engine.#opening = { resolve, reject };
        engine.#thread.start();
      });
    } catch (cause) {
      await engine.#thread.close();
      throw new AerieError('MODEL_NOT_LOADED', `the language model ${options.name} could not be loaded`, {
        cause,
      });
    }
    return engine;
  }

  /** Properties of the loaded model. */
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
    if (this.#thread.state === 'closed') throw new AerieError('SHUTTING_DOWN', 'the server is shutting down');
    this.#refuseWhenFull();
    const id = this.#nextId++;
    const stream = new GenerationStream({
      pause: (paused) => this.#post({ type: 'pause', id, paused }),
      cancel: () => this.#abandon(id, null),
    });
    const [observer, clock] = [this.#observer, this.#clock];
    const pending = new PendingRequest({ id, request, stream, signal, observer, clock });
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
    if (this.#thread.state === 'ready') this.#send(pending);
    return stream;
  }

  status(): GenerationStatus {
    const { running, kvUsage } = this.#workerState;
    const { state, restarts } = this.#thread;
    return {
      state: state === 'ready' || state === 'closed' ? state : 'restarting',
      running,
      waiting: this.#pending.waiting(),
      kvUsage,
      restarts,
      sinceProgressMs: this.#clock.now() - this.#lastProgressAt,
      totals: this.#pending.totals,
    };
  }

  /** Makes the thread's next run of the model fail with this fault. For tests: refused unless faults are allowed. */
  injectFault(kind: GenerationFault): void {
    if (this.#options.faultsAllowed !== true)
      throw new Error('faults were not allowed when the engine was opened');
    this.#post({ type: 'fault', kind });
  }

  /** Ends all remaining requests with SHUTTING_DOWN, then the thread after its current run. Idempotent. */
  async close(): Promise<void> {
    const closed = this.#thread.close();
    this.#pending.fail(() => true, new AerieError('SHUTTING_DOWN', 'the server is shutting down'));
    if (await closed) await this.#sessions.release();
    else this.#notice('warn', 'left a thread in native code, which ends when that returns');
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
    // Further requests do not give a thread that has work more time.
    if (!this.#isBusy) this.#thread.expectProgress();
    pending.sent++;
    this.#sent++;
    this.#post({ type: 'generate', id: pending.id, request: pending.request });
  }

  /** Whether the thread has work, or a request on its way to it. */
  get #isBusy(): boolean {
    return this.#workerState.hasWork || this.#workerState.received < this.#sent;
  }

  /** A thread that is not ready has nothing that a message could be about. */
  #post(message: ToWorker): void {
    if (this.#thread.state === 'ready') this.#thread.send(message);
  }

  /** Ends a request for its caller now, and in the thread before its next run; the thread's count then settles it. */
  #abandon(id: number, error: AerieError | null): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.endStream(error);
    if (this.#thread.state === 'ready') this.#post({ type: 'cancel', id });
    else this.#pending.settle(pending, 'canceled', pending.stream.usage);
  }

  #becomeReady(model: LanguageModelInfo): void {
    this.#model = model;
    this.#sessions.opened(ONLY_THREAD, model);
    this.#lastProgressAt = this.#clock.now();
    for (const { provider, error } of model.failedProviders)
      this.#notice('warn', `does not run on ${provider}`, reviveError(error));
    if (model.decoder === 'hugging-face')
      this.#notice('warn', 'keeps its caches as outputs: it runs on the slow path, one text per step');
    for (const pending of this.#pending.all()) this.#send(pending);
    this.#opening?.resolve();
    this.#opening = null;
  }

  #receive(message: FromWorker): void {
    if (message.type === 'step') this.#takeStep(message);
    else this.#notice('error', 'failed a run', reviveError(message.error));
  }

  /**
   * Running texts are lost with the thread. Waiting ones are sent to its successor, but only once: one of them may
   * be what brought the thread down.
   */
  #lose({ cause, wasReady }: ThreadLoss): boolean {
    this.#workerState = IDLE;
    this.#sent = 0;
    if (this.#opening !== null) {
      this.#opening.reject(cause);
      return false;
    }
    this.#notice('error', 'lost its thread', cause);
    const message = 'the language model stopped while this text was generated; it is being restarted';
    this.#pending.fail(
      ({ started, sent, stream }) => !wasReady || started || sent > 1 || stream.ended,
      new AerieError('WORKER_LOST', message, { retryAfterMs: 1_000, cause }),
    );
    return true;
  }

  #takeStep({ updates, steps, state }: Extract<FromWorker, { type: 'step' }>): void {
    this.#lastProgressAt = this.#clock.now();
    this.#workerState = state;
    if (this.#isBusy) this.#thread.expectProgress();
    else this.#thread.rest();
    for (const step of steps) this.#observer.onStep?.(step);
    for (const update of updates) this.#takeUpdate(update);
  }

  #notice(level: 'warn' | 'error', what: string, cause?: Error): void {
    const message = `${this.#options.name} ${what}`;
    this.#observer.onNotice?.({ level, message, ...(cause === undefined ? {} : { cause }) });
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
