import { type Logger, reviveError } from '@aerie/runtime';
import type { BatchRunOptions, RunOutcome, FaultKind, ReplicaPool, ReplicaStatus } from '../replica-pool.js';
import type { TensorMetadata } from '../tensor.js';
import type { ReadyReplica } from '../worker/protocol.js';
import { Replica, type ReplicaContext, type ReplicaListener } from './replica.js';
import type { SharedSessions } from '../shared-sessions.js';
import { modelNotLoaded, poolClosed } from './replica-errors.js';

/** Options for a pool. */
export interface ThreadReplicaPoolContext extends Omit<ReplicaContext, 'listener'> {
  readonly replicas: number;
  readonly faultsAllowed: boolean;
  /** Its lines name the model. */
  readonly logger: Logger;
  readonly sessions: SharedSessions;
  /** Called once, when the pool has closed. */
  readonly onClosed?: () => void;
}

const NO_TRANSFER: readonly ArrayBuffer[] = [];

/** Replicas on threads of this process: hands batches to idle ones. Batches never wait here. */
export class ThreadReplicaPool<I, O> implements ReplicaPool<I, O>, ReplicaListener {
  readonly #context: ThreadReplicaPoolContext;
  readonly #replicas: readonly Replica[];
  /** The replica that became idle last serves next: its memory is still in the caches, and the others may sleep. */
  readonly #idle: Replica[] = [];
  readonly #capacityListeners = new Set<(capacity: number) => void>();
  #capacity = 0;
  #model: { readonly inputs: readonly TensorMetadata[]; readonly outputs: readonly TensorMetadata[] } | null =
    null;
  #opening: { resolve(): void; reject(error: Error): void } | null = null;
  #armedFault: FaultKind | null = null;
  #fallbackLogged = false;
  #closing: Promise<void> | null = null;

  constructor(context: ThreadReplicaPoolContext) {
    this.#context = context;
    this.#replicas = Array.from(
      { length: context.replicas },
      (_, index) => new Replica(index, { ...context, listener: this }),
    );
  }

  /**
   * Starts the first replica and, once it is up, the others: a model that fails to load fails once, not once per replica.
   *
   * @throws AerieError MODEL_NOT_LOADED if the model fails to load; the signal's reason if it aborts. Closes the pool.
   */
  async open(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    let abort = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#opening = { resolve, reject };
        abort = () => {
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', abort, { once: true });
        this.#replicas[0]?.start();
      });
      if (this.#closing !== null) throw poolClosed(this.#context.name);
      for (const replica of this.#replicas.slice(1)) replica.start();
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      this.#opening = null;
      signal?.removeEventListener('abort', abort);
    }
  }

  get inputs(): readonly TensorMetadata[] {
    return this.#model?.inputs ?? [];
  }

  get outputs(): readonly TensorMetadata[] {
    return this.#model?.outputs ?? [];
  }

  get capacity(): number {
    return this.#capacity;
  }

  onCapacityChange(listener: (capacity: number) => void): () => void {
    this.#capacityListeners.add(listener);
    return () => {
      this.#capacityListeners.delete(listener);
    };
  }

  run(items: readonly I[], { transfer = NO_TRANSFER, signal }: BatchRunOptions = {}): Promise<RunOutcome<O>> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#closing !== null) return Promise.reject(poolClosed(this.#context.name));
    const replica = this.#idle.pop();
    if (replica === undefined)
      return Promise.reject(new Error(`No replica of "${this.#context.name}" is idle. This is a bug.`));
    const fault = this.#armedFault;
    this.#armedFault = null;
    return replica.run({ items, transfer, fault, signal }) as Promise<RunOutcome<O>>;
  }

  status(): readonly ReplicaStatus[] {
    return this.#replicas.map((replica) => replica.status());
  }

  injectFault(kind: FaultKind): void {
    if (!this.#context.faultsAllowed)
      throw new Error('Faults are not allowed in this engine (faultsAllowed).');
    this.#armedFault = kind;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  up(replica: Replica, ready: ReadyReplica): void {
    const { inputs, outputs, provider, failedProviders } = ready;
    const { logger, sessions } = this.#context;
    sessions.opened(replica.index, ready);
    this.#model ??= { inputs, outputs };
    if (failedProviders.length > 0 && !this.#fallbackLogged) {
      this.#fallbackLogged = true;
      const failures = failedProviders.map((failed) => ({
        provider: failed.provider,
        err: reviveError(failed.error),
      }));
      logger.warn({ provider, failures }, 'Execution provider not available; using a fallback');
    }
    logger.info({ replica: replica.index, provider }, 'Replica ready');
    // Listeners to the capacity may use the replica at once.
    this.#idle.push(replica);
    this.#changeCapacity(1);
    this.#opening?.resolve();
  }

  idle(replica: Replica): void {
    this.#idle.push(replica);
  }

  down(replica: Replica, cause: Error): void {
    const position = this.#idle.indexOf(replica);
    if (position >= 0) this.#idle.splice(position, 1);
    this.#context.logger.error({ replica: replica.index, err: cause }, 'Replica lost');
    this.#changeCapacity(-1);
  }

  startFailed(replica: Replica, cause: Error): boolean {
    const { name, logger } = this.#context;
    if (this.#opening !== null) {
      this.#opening.reject(modelNotLoaded(name, cause));
      return false;
    }
    if (this.#closing !== null) return false;
    logger.error({ replica: replica.index, err: cause }, 'Replica did not start');
    return true;
  }

  #changeCapacity(difference: number): void {
    this.#capacity += difference;
    for (const listener of this.#capacityListeners) listener(this.#capacity);
  }

  async #close(): Promise<void> {
    const { name, logger, sessions } = this.#context;
    this.#opening?.reject(poolClosed(name));
    this.#idle.length = 0;
    const ended = await Promise.all(this.#replicas.map((replica) => replica.close()));
    this.#capacityListeners.clear();
    // A thread that is still in native code uses its session.
    if (!ended.includes(false)) await sessions.release();
    this.#context.onClosed?.();
    if (ended.includes(false)) {
      logger.warn({}, 'A thread in native code outlives its pool; it exits when the native code returns');
    }
  }
}
