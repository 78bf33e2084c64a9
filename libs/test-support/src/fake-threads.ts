import type { SpawnThread, ThreadHandle, ThreadListener } from '@aerie/runtime';

/** A thread that a spec controls. */
export class FakeThread<To, From, Ready> implements ThreadHandle<To> {
  readonly exited: Promise<void>;
  readonly posted: To[] = [];
  closeRequested = false;
  abandoned = false;
  readonly #listener: ThreadListener<From, Ready>;
  #markExited = (): void => undefined;

  constructor(listener: ThreadListener<From, Ready>) {
    this.#listener = listener;
    this.exited = new Promise((resolve) => (this.#markExited = resolve));
  }

  post(message: To): void {
    this.posted.push(message);
  }

  requestClose(): void {
    this.closeRequested = true;
    this.exit();
  }

  abandon(): void {
    this.abandoned = true;
  }

  becomeReady(value: Ready): void {
    this.#listener.ready(value);
  }

  /** Sends a message to the owner. */
  say(message: From): void {
    this.#listener.message(message);
  }

  /** Fails to start. */
  failToStart(error: Error): void {
    this.#listener.lost(error);
    this.exit();
  }

  /** Ends like a crashed thread. */
  die(cause = new Error('The thread exited with code 1.')): void {
    this.exit();
    this.#listener.lost(cause);
  }

  /** Ends without a report. */
  exit(): void {
    this.#markExited();
  }
}

/** All threads that were started, in order. */
export class FakeThreads<To, From, Ready> {
  readonly started: FakeThread<To, From, Ready>[] = [];

  readonly spawn: SpawnThread<To, From, Ready> = (listener) => {
    const thread = new FakeThread<To, From, Ready>(listener);
    this.started.push(thread);
    return thread;
  };

  /** The thread with the index `position`, counted from 0. */
  at(position: number): FakeThread<To, From, Ready> {
    const thread = this.started[position];
    if (thread === undefined) throw new Error(`Only ${String(this.started.length)} threads were started.`);
    return thread;
  }
}
