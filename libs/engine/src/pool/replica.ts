import {
  type Clock,
  reviveError,
  type SpawnThread,
  SupervisedThread,
  type ThreadLoss,
  type ThreadOwner,
} from '@aerie/runtime';
import type { RunOutcome, FaultKind, ReplicaStatus } from '../replica-pool.js';
import type { ReadyReplica, ReplicaReply, RunMessage } from '../worker/protocol.js';
import { batchFailed, replicaDied, replicaStalled } from './replica-errors.js';

/** The caller of the batch that runs. */
interface Caller {
  resolve(outcome: RunOutcome<unknown>): void;
  reject(error: Error): void;
}

/** Events of a replica for its pool. */
export interface ReplicaListener {
  /** The replica is ready for its first batch. */
  up(replica: Replica, ready: ReadyReplica): void;
  /** The replica has ended a batch and can take the next one. */
  idle(replica: Replica): void;
  /** The replica was up and has been lost. */
  down(replica: Replica, cause: Error): void;
  /** The model failed to load, or its trial run failed. Returns whether to try again. */
  startFailed(replica: Replica, cause: Error): boolean;
}

/** Options for a replica. */
export interface ReplicaContext {
  readonly name: string;
  readonly stallTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly clock: Clock;
  /** Starts the thread of a replica. */
  readonly spawn: (index: number) => SpawnThread<RunMessage, ReplicaReply, ReadyReplica>;
  readonly listener: ReplicaListener;
}

/** One replica of a pool: a supervised thread that runs one batch at a time. */
export class Replica implements ThreadOwner<ReplicaReply, ReadyReplica> {
  readonly index: number;
  readonly #context: ReplicaContext;
  readonly #thread: SupervisedThread<RunMessage, ReplicaReply, ReadyReplica>;
  #caller: Caller | null = null;
  #provider: string | null = null;
  #deviceId: number | null = null;
  #closing: Promise<boolean> | null = null;
  #onDrained: (() => void) | null = null;

  constructor(index: number, context: ReplicaContext) {
    this.index = index;
    this.#context = context;
    const { spawn, startTimeoutMs, stallTimeoutMs, clock } = context;
    this.#thread = new SupervisedThread({
      spawn: spawn(index),
      owner: this,
      startTimeoutMs,
      stallTimeoutMs,
      clock,
    });
  }

  /** Starts the first thread. */
  start(): void {
    this.#thread.start();
  }

  /** Runs a batch. Allowed when idle. */
  run(
    items: readonly unknown[],
    transfer: readonly ArrayBuffer[],
    fault: FaultKind | null,
  ): Promise<RunOutcome<unknown>> {
    if (this.#caller !== null) throw new Error('The replica is not idle. This is a bug.');
    try {
      this.#thread.send({ items, fault }, transfer);
    } catch (error) {
      this.#context.listener.idle(this);
      return Promise.reject(batchFailed(this.#context.name, error));
    }
    this.#thread.expectProgress();
    return new Promise((resolve, reject) => {
      this.#caller = { resolve, reject };
    });
  }

  status(): ReplicaStatus {
    const { state, restarts } = this.#thread;
    return {
      index: this.index,
      state: state !== 'ready' ? state : this.#caller === null ? 'idle' : 'busy',
      provider: this.#provider,
      deviceId: this.#deviceId,
      restarts,
    };
  }

  /** Waits for the running batch and ends the thread. Resolves to false when a thread in native code could not be ended. */
  close(): Promise<boolean> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  ready(ready: ReadyReplica): void {
    this.#provider = ready.provider;
    this.#deviceId = ready.deviceId;
    this.#context.listener.up(this, ready);
  }

  message(reply: ReplicaReply): void {
    const caller = this.#caller;
    this.#caller = null;
    this.#thread.rest();
    if (this.#closing === null) this.#context.listener.idle(this);
    this.#onDrained?.();
    if (reply.type === 'done') caller?.resolve({ results: reply.results, times: reply.times });
    else caller?.reject(batchFailed(this.#context.name, reviveError(reply.error)));
  }

  lost({ cause, wasReady, isStall }: ThreadLoss): boolean {
    const { name, stallTimeoutMs, listener } = this.#context;
    if (!wasReady) return listener.startFailed(this, cause);
    const caller = this.#caller;
    this.#caller = null;
    listener.down(this, cause);
    this.#onDrained?.();
    caller?.reject(isStall ? replicaStalled(name, stallTimeoutMs, cause) : replicaDied(name, cause));
    return this.#closing === null;
  }

  async #close(): Promise<boolean> {
    if (this.#caller !== null) {
      await new Promise<void>((resolve) => {
        this.#onDrained = resolve;
      });
    }
    return this.#thread.close();
  }
}
