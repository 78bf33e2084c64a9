import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Backoff, systemClock } from '@aerie/runtime';
import { DataDirInUseError } from './data-dir-in-use.error.js';

/** Folder of the embedded queue in DATA_DIR. */
const FOLDER = 'queue';

/** Waits before a dead thread is started again. */
const RESTARTS = { firstMs: 200, maxMs: 10_000 };

/** The folder of the embedded queue in a data directory. */
export function embeddedQueueDirectory(dataDir: string): string {
  return join(dataDir, FOLDER);
}

/** Events of the embedded database for its owner. */
export interface EmbeddedDatabaseEvents {
  /** The thread died and is restarted. */
  readonly onCrash?: (error: Error) => void;
  /** Space could not be reclaimed; the next round tries again. */
  readonly onTrouble?: (error: unknown) => void;
}

/** Owns the thread of the embedded database. Each server has one; its processes reach it through a socket. */
export class EmbeddedDatabase {
  readonly #directory: string;
  readonly #onCrash: (error: Error) => void;
  readonly #onTrouble: (error: unknown) => void;
  #thread: Worker | null = null;
  readonly #backoff = new Backoff(RESTARTS);
  #cancelRestart: (() => void) | null = null;
  #closed = false;
  #opened = false;

  /** @param dataDir DATA_DIR, absolute */
  constructor(dataDir: string, events: EmbeddedDatabaseEvents = {}) {
    this.#directory = embeddedQueueDirectory(dataDir);
    this.#onCrash = events.onCrash ?? (() => undefined);
    this.#onTrouble = events.onTrouble ?? (() => undefined);
  }

  /**
   * Takes the directory; opens nothing yet.
   *
   * @throws DataDirInUseError when another process has the directory
   */
  async claim(): Promise<void> {
    await this.#start();
  }

  /**
   * Resolves when the database responds. The first start in a new directory takes seconds to create it.
   *
   * @throws DataDirInUseError when another process has the directory
   */
  async open(): Promise<void> {
    const thread = this.#thread ?? (await this.#start());
    this.#opened = true;
    await this.#open(thread);
  }

  /** Closes the database in order: acknowledged changes are on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRestart?.();
    const thread = this.#thread;
    if (thread === null) return;
    await new Promise<void>((resolve) => {
      thread.once('exit', () => {
        resolve();
      });
      thread.postMessage('close');
    });
  }

  #open(thread: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      const died = () => {
        reject(new Error('The thread of the embedded queue exited before the queue was open.'));
      };
      thread.once('exit', died);
      thread.on('message', (message: unknown) => {
        if (message !== 'ready') return;
        thread.off('exit', died);
        this.#backoff.reset();
        resolve();
      });
      thread.postMessage('open');
    });
  }

  #start(): Promise<Worker> {
    const thread = new Worker(new URL('./embedded-database.worker.js', import.meta.url), {
      workerData: { directory: this.#directory },
      // What the primary was started with is not for it, such as a debugger's port.
      execArgv: [],
    });
    this.#thread = thread;
    return new Promise((resolve, reject) => {
      let failure: Error | null = null;
      let ready = false;
      thread.once('message', () => {
        ready = true;
        resolve(thread);
      });
      thread.on('message', (message: unknown) => {
        if (typeof message === 'object' && message !== null && 'trouble' in message)
          this.#onTrouble(message.trouble);
      });
      thread.on('error', (error: unknown) => {
        failure = error instanceof Error ? error : new Error(String(error));
      });
      thread.once('exit', (code) => {
        this.#thread = null;
        const error = this.#describe(failure, code);
        if (!ready) reject(error);
        else if (!this.#closed) this.#startAgain(error);
      });
    });
  }

  #startAgain(error: Error): void {
    this.#onCrash(error);
    this.#cancelRestart = systemClock.schedule(this.#backoff.fail(), () => {
      this.#cancelRestart = null;
      this.#start()
        .then((thread) => (this.#opened && !this.#closed ? this.#open(thread) : undefined))
        .catch((again: unknown) => {
          // What died while it opened comes by its own exit.
          if (!this.#closed && this.#thread === null && this.#cancelRestart === null)
            this.#startAgain(again as Error);
        });
    });
  }

  /** An error from a thread has lost its class. */
  #describe(failure: Error | null, code: number): Error {
    if (failure?.name === 'DataDirInUseError') return new DataDirInUseError(this.#directory);
    return failure ?? new Error(`The thread of the embedded queue exited with code ${String(code)}.`);
  }
}
