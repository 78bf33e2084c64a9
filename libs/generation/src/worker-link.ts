import { Worker } from 'node:worker_threads';
import { NativeGuard } from '@aerie/runtime';
import type { FromWorker, LanguageModelInfo, ToWorker, WorkerOptions } from './worker/messages.js';

/** What a {@link WorkerLink} reports. */
export interface WorkerLinkListener {
  onReady(model: LanguageModelInfo): void;
  onStep(message: Extract<FromWorker, { type: 'step' }>): void;
  onFault(reason: string): void;
  /** The thread is gone, or given up on. Called once; nothing follows. */
  onLost(reason: string): void;
}

/** How a {@link WorkerLink} starts its thread. */
export interface WorkerLinkOptions {
  readonly workerUrl: URL;
  readonly name: string;
  readonly workerOptions: Omit<WorkerOptions, 'guard'>;
  readonly startTimeoutMs: number;
  readonly stallTimeoutMs: number;
}

/**
 * One generation thread from start to end. A thread that has work and reports nothing for the stall time is given up
 * on: the watch is armed by messages, it does not poll.
 */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #options: WorkerLinkOptions;
  readonly #listener: WorkerLinkListener;
  readonly #exited: Promise<void>;
  readonly #guard = new NativeGuard();
  /** Requests sent so far. */
  #sent = 0;
  #watch: NodeJS.Timeout | null = null;
  #halfElapsed = false;
  #over = false;

  constructor(options: WorkerLinkOptions, listener: WorkerLinkListener) {
    this.#options = options;
    this.#listener = listener;
    this.#worker = new Worker(options.workerUrl, {
      workerData: { ...options.workerOptions, guard: this.#guard.memory } satisfies WorkerOptions,
      name: options.name,
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#lose(`it exited with code ${code}`);
        resolve();
      });
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error: Error) => this.#lose(error.message));
    this.#arm(options.startTimeoutMs, 'it did not load the model in time');
  }

  send(message: ToWorker): void {
    if (this.#over) return;
    this.#worker.postMessage(message);
    if (message.type !== 'generate') return;
    this.#sent++;
    if (this.#watch === null) this.#armForStall();
  }

  /**
   * Lets the current run end, then ends the thread. After `graceMs` it is ended by force, or left to end by itself when
   * it is in native code.
   */
  async close(graceMs: number): Promise<void> {
    if (!this.#over) this.#worker.postMessage({ type: 'close' } satisfies ToWorker);
    this.#over = true;
    this.#disarm();
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => {
        if (!this.#end()) resolve();
      }, graceMs);
      void this.#exited.then(() => {
        clearTimeout(force);
        resolve();
      });
    });
  }

  #receive(message: FromWorker): void {
    if (this.#over) return;
    switch (message.type) {
      case 'ready':
        this.#disarm();
        this.#listener.onReady(message.model);
        return;
      case 'failed':
        this.#lose(message.reason);
        return;
      case 'fault':
        this.#listener.onFault(message.reason);
        return;
      case 'step':
        if (message.state.hasWork || message.state.received < this.#sent) this.#armForStall();
        else this.#disarm();
        this.#listener.onStep(message);
    }
  }

  #armForStall(): void {
    this.#arm(this.#options.stallTimeoutMs, 'it had work and made no progress');
  }

  /**
   * Two timers one after the other, half the time each: when the machine or this process was suspended, the first fires
   * on resuming, though the thread stood still as well. The second gives it time to report.
   */
  #arm(timeoutMs: number, reason: string): void {
    this.#halfElapsed = false;
    if (this.#watch !== null && timeoutMs === this.#options.stallTimeoutMs) {
      this.#watch.refresh();
      return;
    }
    this.#disarm();
    const watch = setTimeout(() => {
      if (this.#halfElapsed) {
        this.#lose(reason);
      } else {
        this.#halfElapsed = true;
        watch.refresh();
      }
    }, timeoutMs / 2);
    this.#watch = watch;
  }

  #disarm(): void {
    if (this.#watch !== null) clearTimeout(this.#watch);
    this.#watch = null;
  }

  #lose(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#disarm();
    const endsAtOnce = this.#end();
    this.#listener.onLost(endsAtOnce ? reason : `${reason}; it is inside a run of the model`);
  }

  /**
   * Ends the thread without waiting: one stuck in native code ends only when that returns, and must not hold its
   * replacement up. Returns whether it ends at once.
   */
  #end(): boolean {
    this.#worker.unref();
    const endsAtOnce = this.#guard.doom();
    if (endsAtOnce) void this.#worker.terminate();
    else this.#worker.postMessage({ type: 'exit' } satisfies ToWorker);
    return endsAtOnce;
  }
}
