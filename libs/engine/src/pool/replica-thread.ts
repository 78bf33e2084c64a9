import { Worker } from 'node:worker_threads';
import { NativeGuard } from '@aerie/contracts';
import { reviveError } from '@aerie/runtime';
import type {
  DoneMessage,
  MessageFromReplica,
  MessageToReplica,
  ReadyMessage,
  ReplicaThreadData,
  RunMessage,
} from '../worker/protocol.js';

/** Events of a thread for its owner, which abandons it after `startFailed` and `lost`. */
export interface ReplicaThreadListener {
  ready(message: ReadyMessage): void;
  /** The model failed to load. */
  startFailed(error: Error): void;
  done(message: DoneMessage): void;
  /** The batch failed; the thread goes on. */
  failed(error: Error): void;
  /** The thread has exited or is about to, ready or not. Reported once. */
  lost(cause: Error): void;
}

/** One thread with one session, as its owner sees it. */
export interface ReplicaThread {
  /**
   * Sends a batch. Allowed when ready and not running one.
   *
   * @throws if the items can be neither cloned nor transferred; then nothing was sent.
   */
  run(message: RunMessage, transfer: readonly ArrayBuffer[]): void;
  /** Asks the thread to release its session and exit. */
  requestClose(): void;
  /** Stops listening and ends the thread without waiting: a thread in native code ends only when that returns. */
  abandon(): void;
  /** Resolves when the thread has exited. */
  readonly exited: Promise<void>;
}

/** Starts a replica's thread. */
export type SpawnReplicaThread = (replicaIndex: number, listener: ReplicaThreadListener) => ReplicaThread;

/** A replica's thread on `node:worker_threads`. */
export class WorkerReplicaThread implements ReplicaThread {
  readonly exited: Promise<void>;
  readonly #worker: Worker;
  readonly #guard = new NativeGuard();
  #listener: ReplicaThreadListener | null;

  constructor(
    workerUrl: URL,
    name: string,
    data: Omit<ReplicaThreadData, 'guard'>,
    listener: ReplicaThreadListener,
  ) {
    this.#listener = listener;
    this.#worker = new Worker(workerUrl, {
      name,
      workerData: { ...data, guard: this.#guard.memory } satisfies ReplicaThreadData,
    });
    this.exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        resolve();
        this.#lose(new Error(`The thread exited with code ${String(code)}.`));
      });
    });
    this.#worker.on('message', (message: MessageFromReplica) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error) => {
      this.#lose(error instanceof Error ? error : new Error(String(error)));
    });
    this.#worker.on('messageerror', (error) => {
      this.#lose(error);
    });
  }

  run(message: RunMessage, transfer: readonly ArrayBuffer[]): void {
    this.#post(message, transfer);
  }

  requestClose(): void {
    this.#post({ type: 'close' }, []);
  }

  abandon(): void {
    this.#listener = null;
    if (this.#guard.doom()) void this.#worker.terminate();
    else this.#post({ type: 'exit' }, []);
  }

  #post(message: MessageToReplica, transfer: readonly ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: MessageFromReplica): void {
    switch (message.type) {
      case 'ready':
        this.#listener?.ready(message);
        break;
      case 'done':
        this.#listener?.done(message);
        break;
      case 'failed':
        this.#listener?.failed(reviveError(message.error));
        break;
      case 'refused':
        this.#listener?.failed(new Error('The replica got a batch while it was closing. This is a bug.'));
        break;
      case 'start-failed':
        this.#listener?.startFailed(reviveError(message.error));
    }
  }

  #lose(cause: Error): void {
    const listener = this.#listener;
    this.#listener = null;
    listener?.lost(cause);
  }
}
