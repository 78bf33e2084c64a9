import type { ReplicaThread, ReplicaThreadListener, SpawnReplicaThread } from '../pool/replica-thread.js';
import type { RunMessage } from '../worker/protocol.js';

const NO_TIMES = { preprocessMs: 0, computeMs: 0, postprocessMs: 0 };

/** A replica's thread that does what the spec tells it. */
export class FakeThread implements ReplicaThread {
  readonly replicaIndex: number;
  readonly exited: Promise<void>;
  readonly runs: RunMessage[] = [];
  closeRequested = false;
  abandoned = false;
  readonly #listener: ReplicaThreadListener;
  #markExited = (): void => undefined;

  constructor(replicaIndex: number, listener: ReplicaThreadListener) {
    this.replicaIndex = replicaIndex;
    this.#listener = listener;
    this.exited = new Promise((resolve) => (this.#markExited = resolve));
  }

  run(message: RunMessage): void {
    this.runs.push(message);
  }

  requestClose(): void {
    this.closeRequested = true;
    this.exit();
  }

  abandon(): void {
    this.abandoned = true;
  }

  becomeReady(): void {
    this.#listener.ready({
      type: 'ready',
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch'] }],
      outputs: [],
      provider: 'cpu',
      deviceId: null,
      failedProviders: [],
    });
  }

  failToStart(error: Error): void {
    this.#listener.startFailed(error);
    this.exit();
  }

  /** Answers the running batch with one `value` per item. */
  answer(value: unknown): void {
    const results = (this.runs.at(-1)?.items ?? []).map(() => ({ ok: true as const, value }));
    this.#listener.done({ type: 'done', results, times: NO_TIMES });
  }

  /** Ends as a thread that crashes does. */
  die(): void {
    this.exit();
    this.#listener.lost(new Error('The thread exited with code 1.'));
  }

  /** Is gone, without a word. */
  exit(): void {
    this.#markExited();
  }
}

/** Every thread that a pool started, in order. */
export class FakeThreads {
  readonly started: FakeThread[] = [];

  readonly spawn: SpawnReplicaThread = (replicaIndex, listener) => {
    const thread = new FakeThread(replicaIndex, listener);
    this.started.push(thread);
    return thread;
  };

  /** The thread that was started as number `position`, counted from 0. */
  at(position: number): FakeThread {
    const thread = this.started[position];
    if (thread === undefined) throw new Error(`Only ${String(this.started.length)} threads were started.`);
    return thread;
  }
}
