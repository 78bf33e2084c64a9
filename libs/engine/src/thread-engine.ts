import { AerieError } from '@aerie/contracts';
import { type Clock, type Logger, spawnWorkerThread, systemClock, withFields } from '@aerie/runtime';
import type { Engine, ReplicaPoolOptions } from './engine.js';
import type { GpuInfo } from './gpu/gpu-info.js';
import type { OrtBinding } from './ort-binding.js';
import { SharedSessions } from './shared-sessions.js';
import { ThreadReplicaPool } from './pool/thread-replica-pool.js';
import {
  attemptsOfReplica,
  gpusInUse,
  type ProviderAttempt,
  type ProviderPlatform,
  resolveProviders,
} from './providers/resolve-providers.js';
import type { ReplicaPool } from './replica-pool.js';
import { threadBudget } from './thread-budget.js';
import type { ReplicaThreadData } from './worker/protocol.js';

/** Options for a {@link ThreadEngine}. */
export interface ThreadEngineOptions {
  /** Whether {@link ReplicaPool.injectFault} works. For tests only: a fault may end the process. */
  readonly faultsAllowed: boolean;
  readonly logger: Logger;
  /** CPU cores that one pool may use, at least 1. */
  readonly cores: number;
  /** Lists the GPUs. Called at each opening that may use one. */
  readonly gpus: () => Promise<readonly GpuInfo[]>;
  readonly clock?: Clock;
  readonly binding: OrtBinding;
  /** Default: this machine. */
  readonly platform?: ProviderPlatform;
}

/** Threads load built files; sources that run from a checkout (as in specs) point to the last build. */
const BUILT = new URL(import.meta.url.endsWith('.ts') ? '../dist/' : './', import.meta.url);

/** Runs models in worker threads, never on the thread that opens them. */
export class ThreadEngine implements Engine {
  readonly #options: ThreadEngineOptions;
  readonly #pools = new Set<ThreadReplicaPool<unknown, unknown>>();
  #closing: Promise<void> | null = null;

  constructor(options: ThreadEngineOptions) {
    this.#options = options;
  }

  async open<I, O>(options: ReplicaPoolOptions, signal?: AbortSignal): Promise<ReplicaPool<I, O>> {
    signal?.throwIfAborted();
    const gpus =
      options.device === 'cpu' && options.executionProviders === undefined ? [] : await this.#options.gpus();
    signal?.throwIfAborted();
    if (this.#closing !== null) throw new AerieError('SHUTTING_DOWN', 'The server is shutting down');
    const pool = this.#createPool(options, gpus, () => this.#pools.delete(pool));
    this.#pools.add(pool);
    await pool.open(signal);
    // Only the caller and the kernel's module know the items' type; the pool forwards them.
    return pool as ReplicaPool<I, O>;
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#pools].map((pool) => pool.close())).then(() => undefined);
    return this.#closing;
  }

  #createPool(
    options: ReplicaPoolOptions,
    gpus: readonly GpuInfo[],
    onClosed: () => void,
  ): ThreadReplicaPool<unknown, unknown> {
    const { faultsAllowed, cores, clock = systemClock, binding } = this.#options;
    const { model, version, modelPath, kernel, device, stallTimeoutMs, startTimeoutMs } = options;
    const { dynamicQuantization = false, trialItems = [] } = options;
    const name = `${model}@${version}`;
    const logger = withFields(this.#options.logger, { model, version });
    const platform = this.#options.platform ?? { os: process.platform, arch: process.arch };
    const providers = resolveProviders({ platform, gpus, device, requested: options.executionProviders });
    const { replicas, intraOpThreads } = threadBudget({
      cores,
      gpus: gpusInUse(providers, gpus),
      replicas: options.replicas,
      intraOpThreads: options.intraOpThreads,
    });
    if (device === 'gpu' && providers[0] === 'cpu') {
      logger.warn({}, 'A GPU was requested but none is available; running on the CPU');
    }
    logger.info({ replicas, intraOpThreads, providers }, 'Opening replicas');
    const attemptsOf = (replica: number): readonly ProviderAttempt[] =>
      attemptsOfReplica(providers, gpus, replica);
    const sessions = new SharedSessions(binding.control, (replica) => JSON.stringify(attemptsOf(replica)));
    return new ThreadReplicaPool({
      name,
      control: binding.control,
      sessions,
      replicas,
      stallTimeoutMs,
      startTimeoutMs,
      faultsAllowed,
      logger,
      clock,
      onClosed,
      spawn: (index) =>
        spawnWorkerThread({
          url: new URL('worker/replica.worker.js', BUILT),
          name: `${name}#${String(index)}`,
          data: () =>
            ({
              modelPath,
              kernel,
              trialItems,
              sessionFactoryUrl: binding.sessionFactoryUrl,
              attempts: attemptsOf(index),
              intraOpThreads,
              dynamicQuantization,
              attachTo: sessions.sessionFor(index),
            }) satisfies ReplicaThreadData,
        }),
    });
  }
}
