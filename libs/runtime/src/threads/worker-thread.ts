import { type ResourceLimits, Worker } from 'node:worker_threads';
import { reviveError } from '../serialized-error.js';
import { NativeGuard } from './native-guard.js';
import type { ThreadOrder, ThreadReport, ThreadStart } from './thread-messages.js';

/** Hears of one thread. */
export interface ThreadListener<From, Ready> {
  ready(value: Ready): void;
  message(message: From): void;
  /** The thread did not start, has ended, or is about to. Reported once; nothing follows. */
  lost(cause: Error): void;
}

/** One thread, as its owner sees it. */
export interface ThreadHandle<To> {
  /** Resolves when the thread is gone. */
  readonly exited: Promise<void>;
  /** @throws when the message can be neither cloned nor transferred; nothing was sent then */
  post(message: To, transfer?: readonly ArrayBuffer[]): void;
  /** Asks the thread to give everything back and to end. */
  requestClose(): void;
  /** Stops listening and ends the thread without waiting: a thread in native code ends only when that returns. */
  abandon(): void;
}

/** Starts a thread. */
export type SpawnThread<To, From, Ready> = (listener: ThreadListener<From, Ready>) => ThreadHandle<To>;

/** The module of a thread, which calls {@link serveThread}, and its circumstances. */
export interface WorkerThreadOptions {
  readonly url: URL;
  /** Name for logs and debuggers. */
  readonly name: string;
  /** Called at each start. Its result is copied into the thread. */
  readonly data: () => unknown;
  /** Default: {@link THREAD_LIMITS}. */
  readonly resourceLimits?: ResourceLimits;
}

/**
 * Heap of a thread's own, MiB: one that needs more ends alone, with ERR_WORKER_OUT_OF_MEMORY, before it takes the memory
 * of the others. Tensors and other buffers are not part of it.
 */
export const THREAD_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 2048 };

/** Starts threads on `node:worker_threads`. */
export function spawnWorkerThread<To, From, Ready>(
  options: WorkerThreadOptions,
): SpawnThread<To, From, Ready> {
  return (listener) => new WorkerThread(options, listener);
}

class WorkerThread<To, From, Ready> implements ThreadHandle<To> {
  readonly exited: Promise<void>;
  readonly #worker: Worker;
  readonly #guard = new NativeGuard();
  #listener: ThreadListener<From, Ready> | null;

  constructor(
    { url, name, data, resourceLimits = THREAD_LIMITS }: WorkerThreadOptions,
    listener: ThreadListener<From, Ready>,
  ) {
    this.#listener = listener;
    const workerData: ThreadStart<unknown> = { data: data(), guard: this.#guard.memory };
    // The process's own options are not for its threads, such as a debugger's port.
    this.#worker = new Worker(url, { name, workerData, resourceLimits, execArgv: [] });
    this.exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        resolve();
        this.#lose(new Error(`The thread exited with code ${String(code)}.`));
      });
    });
    this.#worker.on('message', (message: From | ThreadReport<Ready>) => {
      this.#receive(message);
    });
    for (const event of ['error', 'messageerror']) {
      this.#worker.on(event, (error: unknown) => {
        this.#lose(isError(error) ? error : new Error(String(error)));
      });
    }
  }

  post(message: To, transfer?: readonly ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer);
  }

  requestClose(): void {
    this.#order('close');
  }

  abandon(): void {
    this.#listener = null;
    // A thread that is stuck in native code must not keep the process.
    this.#worker.unref();
    if (this.#guard.doom()) void this.#worker.terminate();
    else this.#order('exit');
  }

  #order(order: ThreadOrder['order']): void {
    this.#worker.postMessage({ order } satisfies ThreadOrder);
  }

  #receive(message: From | ThreadReport<Ready>): void {
    if (!isReport<Ready>(message)) this.#listener?.message(message);
    else if (message.report === 'ready') this.#listener?.ready(message.value);
    else this.#lose(reviveError(message.error));
  }

  #lose(cause: Error): void {
    const listener = this.#listener;
    this.#listener = null;
    listener?.lost(cause);
  }
}

function isReport<Ready>(message: unknown): message is ThreadReport<Ready> {
  return typeof message === 'object' && message !== null && 'report' in message;
}

/** Errors of a thread are revived by Node as objects that need not be errors of this realm. */
function isError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'message' in error && 'stack' in error;
}
