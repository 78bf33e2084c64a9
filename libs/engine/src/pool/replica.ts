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

/** One batch and its pending promise. */
export interface Job {
  readonly items: readonly unknown[];
  readonly transfer: readonly ArrayBuffer[];
  resolve(outcome: RunOutcome<unknown>): void;
  reject(error: Error): void;
}

/** Events of a replica for its pool. */
export interface ReplicaListener {
  /** The model was loaded: capacity increased by one. {@link ReplicaListener.idle} follows. */
  up(replica: Replica, ready: ReadyReplica): void;
  /** The replica can take the next batch. */
  idle(replica: Replica): void;
  /** The replica was up and has been lost. */
  down(replica: Replica, cause: Error): void;
  /** The model failed to load. Returns whether to try again. */
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
  #job: Job | null = null;
  #jobStartedAtMs = 0;
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
  run(job: Job, fault: FaultKind | null): void {
    if (this.#job !== null) throw new Error('The replica is not idle. This is a bug.');
    try {
      this.#thread.send({ items: job.items, fault }, job.transfer);
    } catch (error) {
      job.reject(batchFailed(this.#context.name, error));
      this.#context.listener.idle(this);
      return;
    }
    this.#job = job;
    this.#jobStartedAtMs = this.#context.clock.now();
    this.#thread.expectProgress();
  }

  status(): ReplicaStatus {
    const { state, restarts } = this.#thread;
    return {
      index: this.index,
      state: state !== 'ready' ? state : this.#job === null ? 'idle' : 'busy',
      provider: this.#provider,
      deviceId: this.#deviceId,
      restarts,
      busyMs: this.#job === null ? null : this.#context.clock.now() - this.#jobStartedAtMs,
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
    this.#context.listener.idle(this);
  }

  message(reply: ReplicaReply): void {
    const job = this.#job;
    this.#job = null;
    this.#thread.rest();
    if (this.#closing === null) this.#context.listener.idle(this);
    this.#onDrained?.();
    if (reply.type === 'done') job?.resolve({ results: reply.results, times: reply.times });
    else job?.reject(batchFailed(this.#context.name, reviveError(reply.error)));
  }

  lost({ cause, wasReady, isStall }: ThreadLoss): boolean {
    const { name, stallTimeoutMs, listener } = this.#context;
    if (!wasReady) return listener.startFailed(this, cause);
    const job = this.#job;
    this.#job = null;
    listener.down(this, cause);
    this.#onDrained?.();
    job?.reject(isStall ? replicaStalled(name, stallTimeoutMs, cause) : replicaDied(name, cause));
    return this.#closing === null;
  }

  async #close(): Promise<boolean> {
    if (this.#job !== null) {
      await new Promise<void>((resolve) => {
        this.#onDrained = resolve;
      });
    }
    return this.#thread.close();
  }
}
