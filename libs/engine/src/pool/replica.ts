import { Backoff, type Clock, settlesWithin } from '@aerie/runtime';
import type { BatchOutcome, FaultKind, ReplicaState, ReplicaStatus } from '../replica-pool.js';
import type { DoneMessage, ReadyMessage } from '../worker/protocol.js';
import { batchFailed, replicaDied, replicaStalled } from './replica-errors.js';
import type { ReplicaThread, ReplicaThreadListener, SpawnReplicaThread } from './replica-thread.js';

/** Number of hung threads, each with a core and a session's memory, after which a replica is not replaced anymore. */
const MAX_ABANDONED_THREADS = 2;
/** A lost replica is replaced at once, then after increasing delays, until one has been up for a minute. */
const BACKOFF = { firstMs: 100, maxMs: 10_000, immediate: 1, healthyAfterMs: 60_000 };
/** How long a thread may take to release its session and exit. */
const CLOSE_TIMEOUT_MS = 5_000;
/** How long to wait for a terminated thread to exit. */
const TERMINATE_TIMEOUT_MS = 1_000;

/** One batch and its pending promise. */
export interface Job {
  readonly items: readonly unknown[];
  readonly transfer: readonly ArrayBuffer[];
  resolve(outcome: BatchOutcome<unknown>): void;
  reject(error: Error): void;
}

/** Events of a replica for its pool. */
export interface ReplicaListener {
  /** The model was loaded: capacity increased by one. {@link ReplicaListener.idle} follows. */
  up(replica: Replica, message: ReadyMessage): void;
  /** The replica can take a batch. */
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
  readonly spawn: SpawnReplicaThread;
  readonly listener: ReplicaListener;
}

/** One replica of a pool: starts its thread, sends it one batch at a time, and replaces it when it is lost. */
export class Replica implements ReplicaThreadListener {
  readonly index: number;
  readonly #context: ReplicaContext;
  readonly #backoff = new Backoff(BACKOFF);
  readonly #abandoned = new Set<ReplicaThread>();
  #state: ReplicaState = 'starting';
  #thread: ReplicaThread | null = null;
  #job: Job | null = null;
  #jobStartedAtMs = 0;
  #upSinceMs: number | null = null;
  #provider: string | null = null;
  #deviceId: number | null = null;
  #restarts = 0;
  /** A restart is due, but too many abandoned threads still exist. */
  #awaitsExit = false;
  /** At most one timer runs at a time: for the start, the batch, or the wait before a restart. */
  #cancelTimer = (): void => undefined;
  #closing: Promise<boolean> | null = null;
  #onDrained: (() => void) | null = null;

  constructor(index: number, context: ReplicaContext) {
    this.index = index;
    this.#context = context;
  }

  /** Starts the first thread. */
  start(): void {
    this.#spawn();
  }

  /** Runs a batch. Allowed when idle. */
  run(job: Job, fault: FaultKind | null): void {
    const { clock, stallTimeoutMs } = this.#context;
    if (this.#thread === null || this.#state !== 'idle')
      throw new Error('The replica is not idle. This is a bug.');
    try {
      this.#thread.run({ type: 'run', items: job.items, fault }, job.transfer);
    } catch (error) {
      job.reject(batchFailed(this.#context.name, error));
      this.#context.listener.idle(this);
      return;
    }
    this.#state = 'busy';
    this.#job = job;
    this.#jobStartedAtMs = clock.now();
    this.#cancelTimer = clock.schedule(stallTimeoutMs, () => {
      this.#stall();
    });
  }

  status(): ReplicaStatus {
    return {
      index: this.index,
      state: this.#state,
      provider: this.#provider,
      deviceId: this.#deviceId,
      restarts: this.#restarts,
      busyMs: this.#job === null ? null : this.#context.clock.now() - this.#jobStartedAtMs,
    };
  }

  /** Waits for the running batch and ends the thread. Resolves to false when a thread in native code could not be ended. */
  close(): Promise<boolean> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  ready(message: ReadyMessage): void {
    this.#cancelTimer();
    this.#provider = message.provider;
    this.#deviceId = message.deviceId;
    this.#upSinceMs = this.#context.clock.now();
    this.#state = 'idle';
    this.#context.listener.up(this, message);
    this.#context.listener.idle(this);
  }

  startFailed(error: Error): void {
    this.#cancelTimer();
    this.#abandonThread();
    if (this.#context.listener.startFailed(this, error)) this.#scheduleRestart(0);
  }

  done({ results, times }: DoneMessage): void {
    const job = this.#finishJob();
    job?.resolve({ results, times });
  }

  failed(error: Error): void {
    const job = this.#finishJob();
    job?.reject(batchFailed(this.#context.name, error));
  }

  lost(cause: Error): void {
    // The exit that close() requested.
    if (this.#state === 'closed') return;
    if (this.#upSinceMs === null) this.startFailed(cause);
    else this.#replace('restarting', cause, replicaDied(this.#context.name, cause));
  }

  #spawn(): void {
    const { clock, startTimeoutMs } = this.#context;
    this.#thread = this.#context.spawn(this.index, this);
    this.#cancelTimer = clock.schedule(startTimeoutMs, () => {
      this.startFailed(new Error(`The replica was not ready within ${String(startTimeoutMs)} ms.`));
    });
  }

  #finishJob(): Job | null {
    const job = this.#job;
    this.#cancelTimer();
    this.#job = null;
    this.#state = 'idle';
    if (this.#closing === null) this.#context.listener.idle(this);
    this.#onDrained?.();
    return job;
  }

  #stall(): void {
    const { name, stallTimeoutMs } = this.#context;
    const error = replicaStalled(name, stallTimeoutMs);
    this.#replace('wedged', error, error);
  }

  /** The thread has exited or is abandoned: fails its batch and starts another thread. */
  #replace(state: 'wedged' | 'restarting', cause: Error, jobError: Error): void {
    const upForMs = this.#upSinceMs === null ? 0 : this.#context.clock.now() - this.#upSinceMs;
    const job = this.#job;
    this.#cancelTimer();
    this.#abandonThread();
    this.#job = null;
    this.#upSinceMs = null;
    this.#state = state;
    this.#context.listener.down(this, cause);
    if (this.#closing === null) this.#scheduleRestart(upForMs);
    this.#onDrained?.();
    job?.reject(jobError);
  }

  #scheduleRestart(upForMs: number): void {
    if (this.#state !== 'wedged') this.#state = 'restarting';
    const delayMs = this.#backoff.fail(upForMs);
    if (delayMs === 0) this.#restart();
    else {
      this.#cancelTimer = this.#context.clock.schedule(delayMs, () => {
        this.#restart();
      });
    }
  }

  #restart(): void {
    this.#awaitsExit = this.#abandoned.size > MAX_ABANDONED_THREADS;
    if (this.#awaitsExit) return;
    this.#restarts += 1;
    this.#spawn();
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
    const { clock } = this.#context;
    if (this.#job === null) this.#cancelTimer();
    else {
      await new Promise<void>((resolve) => {
        this.#onDrained = resolve;
      });
    }
    const thread = this.#thread;
    const wasUp = this.#upSinceMs !== null;
    this.#upSinceMs = null;
    this.#state = 'closed';
    if (thread !== null && wasUp) {
      thread.requestClose();
      await settlesWithin(thread.exited, CLOSE_TIMEOUT_MS, clock);
    }
    this.#abandonThread();
    const exits = Promise.all([...this.#abandoned].map(({ exited }) => exited));
    return this.#abandoned.size === 0 || (await settlesWithin(exits, TERMINATE_TIMEOUT_MS, clock));
  }
}
