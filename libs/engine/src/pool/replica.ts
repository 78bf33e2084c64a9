import {
  type Clock,
  reviveError,
  type SpawnThread,
  SupervisedThread,
  type ThreadLoss,
  type ThreadOwner,
} from '@aerie/runtime';
import type { SessionControl } from '../ort-binding.js';
import type { RunOutcome, FaultKind, ReplicaStatus } from '../replica-pool.js';
import type { ReadyReplica, ReplicaReply, RunMessage } from '../worker/protocol.js';
import { batchFailed, replicaDied, replicaStalled, runOvertime } from './replica-errors.js';

/** The caller of the batch that runs. */
interface Caller {
  resolve(outcome: RunOutcome<unknown>): void;
  reject(error: Error): void;
  /** Stops listening to its signal. */
  forget(): void;
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
  /** Ends runs early; null if the binding cannot. */
  readonly control: SessionControl | null;
}

/** A batch for a replica. */
export interface ReplicaBatch {
  readonly items: readonly unknown[];
  readonly transfer: readonly ArrayBuffer[];
  readonly fault: FaultKind | null;
  /** Ends the run early, where the binding can. */
  readonly signal: AbortSignal | undefined;
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
  /** Address of the options of the thread's runs. */
  #runOptions: bigint | null = null;
  /** The reason for which the running batch was told to end. */
  #endedBy: Error | null = null;

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

  /** Runs a batch. Allowed when idle. Rejects with the signal's reason if that ended the run. */
  run({ items, transfer, fault, signal }: ReplicaBatch): Promise<RunOutcome<unknown>> {
    if (this.#caller !== null) throw new Error('The replica is not idle. This is a bug.');
    this.#allowRuns();
    try {
      this.#thread.send({ items, fault }, transfer);
    } catch (error) {
      this.#context.listener.idle(this);
      return Promise.reject(batchFailed(this.#context.name, error));
    }
    this.#thread.expectProgress();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#endRun(signal?.reason as Error);
      };
      signal?.addEventListener('abort', end, { once: true });
      this.#caller = { resolve, reject, forget: () => signal?.removeEventListener('abort', end) };
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
    this.#runOptions = ready.handles?.runOptions ?? null;
    this.#endedBy = null;
    this.#context.listener.up(this, ready);
  }

  message(reply: ReplicaReply): void {
    const [caller, endedBy] = [this.#takeCaller(), this.#endedBy];
    this.#thread.rest();
    if (this.#closing === null) this.#context.listener.idle(this);
    this.#onDrained?.();
    if (reply.type === 'done') caller?.resolve({ results: reply.results, times: reply.times });
    else caller?.reject(endedBy ?? batchFailed(this.#context.name, reviveError(reply.error)));
  }

  interrupt(): boolean {
    return this.#endRun(runOvertime(this.#context.name, this.#context.stallTimeoutMs));
  }

  lost({ cause, wasReady, isStall }: ThreadLoss): boolean {
    const { name, stallTimeoutMs, listener } = this.#context;
    if (!wasReady) return listener.startFailed(this, cause);
    const caller = this.#takeCaller();
    this.#runOptions = null;
    listener.down(this, cause);
    this.#onDrained?.();
    caller?.reject(isStall ? replicaStalled(name, stallTimeoutMs, cause) : replicaDied(name, cause));
    return this.#closing === null;
  }

  /** @returns whether the run has been told to end */
  #endRun(reason: Error): boolean {
    const { control } = this.#context;
    if (control === null || this.#runOptions === null) return false;
    this.#endedBy ??= reason;
    control.terminateRun(this.#runOptions);
    return true;
  }

  #allowRuns(): void {
    if (this.#endedBy === null || this.#runOptions === null) return;
    this.#context.control?.allowRuns(this.#runOptions);
    this.#endedBy = null;
  }

  /** The caller, whose run has ended. */
  #takeCaller(): Caller | null {
    const caller = this.#caller;
    this.#caller = null;
    caller?.forget();
    return caller;
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
