import { Backoff } from '../backoff.js';
import { settlesWithin } from '../bounded-wait.js';
import { type Clock, systemClock } from '../clock.js';
import { SlicedTimer } from './sliced-timer.js';
import type { SpawnThread, ThreadHandle, ThreadListener } from './worker-thread.js';

/** A lost thread is replaced at once, then after longer and longer waits, until one has been up for a minute. */
const BACKOFF = { firstMs: 100, maxMs: 10_000, immediate: 1, healthyAfterMs: 60_000 };
/** How long an owner's interrupt may take to end the work. */
const INTERRUPT_TIMEOUT_MS = 1_000;
/** How long to wait for a thread that was ended by force. */
const TERMINATE_TIMEOUT_MS = 1_000;

/** `wedged`: it made no progress for too long, and is being replaced. */
export type ThreadState = 'starting' | 'ready' | 'wedged' | 'restarting' | 'closed';

/** The end of a thread that was not closed. */
export interface ThreadLoss {
  readonly cause: Error;
  /** Whether it had been ready. */
  readonly wasReady: boolean;
  /** Whether it was given up for lack of progress. */
  readonly isStall: boolean;
}

/** Hears of a {@link SupervisedThread}. */
export interface ThreadOwner<From, Ready> {
  /** The thread is ready, for the first time or again. */
  ready(value: Ready): void;
  message(message: From): void;
  /**
   * The thread made no progress in time. @returns whether its work has been told to end, and the thread is to be given
   * a second for that. Default: it is given up at once.
   */
  interrupt?(): boolean;
  /** The thread is gone or given up. @returns whether to replace it */
  lost(loss: ThreadLoss): boolean;
}

/** How a thread is supervised. */
export interface SupervisedThreadOptions<To, From, Ready> {
  readonly spawn: SpawnThread<To, From, Ready>;
  readonly owner: ThreadOwner<From, Ready>;
  /** A thread that is not ready after this time is given up. Default: none. */
  readonly startTimeoutMs?: number;
  /** Time without progress, between `expectProgress` and `rest`, after which a thread is given up. Default: none. */
  readonly stallTimeoutMs?: number;
  /**
   * Threads that were given up, and may still occupy a core and memory, beside which another one may be started. Default
   * 2; with 0 there is never more than one.
   */
  readonly maxAbandoned?: number;
  /** Time that a thread has to close in order. Default 5,000. */
  readonly closeTimeoutMs?: number;
  readonly clock?: Clock;
}

/** Wants one thread at all times: starts it, watches it, replaces it when it is lost. */
export class SupervisedThread<To, From, Ready> implements ThreadListener<From, Ready> {
  readonly #options: SupervisedThreadOptions<To, From, Ready>;
  readonly #clock: Clock;
  /** For the start, the stall or the wait before a restart: one at a time. */
  readonly #timer: SlicedTimer;
  readonly #backoff = new Backoff(BACKOFF);
  readonly #abandoned = new Set<ThreadHandle<To>>();
  #state: ThreadState = 'starting';
  #thread: ThreadHandle<To> | null = null;
  #readySinceMs: number | null = null;
  #restarts = 0;
  /** A restart is due, but too many abandoned threads are still there. */
  #awaitsExit = false;
  #closing: Promise<boolean> | null = null;

  constructor(options: SupervisedThreadOptions<To, From, Ready>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timer = new SlicedTimer(this.#clock);
  }

  get state(): ThreadState {
    return this.#state;
  }

  /** How often the thread was replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Starts the first thread. */
  start(): void {
    const { startTimeoutMs, spawn } = this.#options;
    this.#thread = spawn(this);
    if (startTimeoutMs === undefined) return;
    this.#timer.arm(startTimeoutMs, () => {
      this.#lose(new Error(`The thread was not ready within ${String(startTimeoutMs)} ms.`), false);
    });
  }

  /**
   * Sends a message. Allowed when ready.
   *
   * @throws when the message can be neither cloned nor transferred; nothing was sent then
   */
  send(message: To, transfer?: readonly ArrayBuffer[]): void {
    if (this.#thread === null || this.#state !== 'ready')
      throw new Error('The thread is not ready. This is a bug.');
    this.#thread.post(message, transfer);
  }

  /** The thread has work, or has shown progress: from now on it has the whole time again. */
  expectProgress(): void {
    const { stallTimeoutMs } = this.#options;
    if (stallTimeoutMs === undefined || this.#state !== 'ready') return;
    const giveUp = (): void => {
      this.#lose(new Error(`The thread made no progress for ${String(stallTimeoutMs)} ms.`), true);
    };
    this.#timer.arm(stallTimeoutMs, () => {
      if (this.#options.owner.interrupt?.() === true) this.#timer.arm(INTERRUPT_TIMEOUT_MS, giveUp);
      else giveUp();
    });
  }

  /** The thread has no work. */
  rest(): void {
    if (this.#state === 'ready') this.#timer.disarm();
  }

  /**
   * Ends the thread in order, or by force after a while. Idempotent.
   *
   * @returns whether it ended; a thread in native code ends only when that returns
   */
  close(): Promise<boolean> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** @internal */
  ready(value: Ready): void {
    this.#timer.disarm();
    this.#readySinceMs = this.#clock.now();
    this.#state = 'ready';
    this.#options.owner.ready(value);
  }

  /** @internal */
  message(message: From): void {
    if (this.#closing === null) this.#options.owner.message(message);
  }

  /** @internal */
  lost(cause: Error): void {
    // The end that close() asked for.
    if (this.#state !== 'closed') this.#lose(cause, false);
  }

  #lose(cause: Error, isStall: boolean): void {
    const readySinceMs = this.#readySinceMs;
    this.#timer.disarm();
    this.#abandonThread();
    this.#readySinceMs = null;
    if (this.#state !== 'wedged') this.#state = isStall ? 'wedged' : 'restarting';
    const isWanted = this.#options.owner.lost({ cause, wasReady: readySinceMs !== null, isStall });
    if (!isWanted || this.#closing !== null) return;
    const delayMs = this.#backoff.fail(readySinceMs === null ? 0 : this.#clock.now() - readySinceMs);
    if (delayMs === 0) this.#restart();
    else {
      this.#timer.arm(delayMs, () => {
        this.#restart();
      });
    }
  }

  #restart(): void {
    this.#awaitsExit = this.#abandoned.size > (this.#options.maxAbandoned ?? 2);
    if (this.#awaitsExit) return;
    this.#restarts += 1;
    this.start();
  }

  #abandonThread(): void {
    const thread = this.#thread;
    if (thread === null) return;
    this.#thread = null;
    this.#abandoned.add(thread);
    thread.abandon();
    void thread.exited.then(() => {
      this.#abandoned.delete(thread);
      if (this.#awaitsExit && this.#closing === null) this.#restart();
    });
  }

  async #close(): Promise<boolean> {
    const { closeTimeoutMs = 5_000 } = this.#options;
    const thread = this.#state === 'ready' ? this.#thread : null;
    this.#timer.disarm();
    this.#state = 'closed';
    if (thread !== null) {
      thread.requestClose();
      await settlesWithin(thread.exited, closeTimeoutMs, this.#clock);
    }
    this.#abandonThread();
    const exits = Promise.all([...this.#abandoned].map(({ exited }) => exited));
    return this.#abandoned.size === 0 || (await settlesWithin(exits, TERMINATE_TIMEOUT_MS, this.#clock));
  }
}
