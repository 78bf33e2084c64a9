import { type BatchShare, DynamicBatcher } from '@aerie/batching';
import type {
  FaultKind,
  ItemResult,
  ReplicaPool,
  ReplicaStatus,
  StageTimes,
  TensorMetadata,
} from '@aerie/engine';
import { type Clock, systemClock } from '@aerie/runtime';
import type { BatchTaskKind, PreparedTask, TaskTypes } from '@aerie/tasks';
import type { InferenceListener } from '../inference-event.js';
import type { InferenceOutcome, InferenceStats, LoadedModel, InferOptions } from '../loaded-model.js';
import type { BatchingSpec } from '../model-spec.js';
import type { StatisticsRecorder } from '../statistics-recorder.js';
import { toCallerError } from './caller-error.js';
import type { RuntimeActivity } from './model-runtime.js';

/** Options for a batch model. */
export interface BatchModelOptions<K extends BatchTaskKind> {
  readonly name: string;
  readonly version: string;
  readonly task: PreparedTask<TaskTypes[K]>;
  readonly pool: ReplicaPool<TaskTypes[K]['item'], TaskTypes[K]['result']>;
  readonly batching: BatchingSpec;
  readonly recorder: StatisticsRecorder;
  readonly onInference: InferenceListener;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

interface QueuedItem<I> {
  readonly item: I;
  readonly queuedAt: number;
}

const NO_TIMES: StageTimes = { preprocessMs: 0, computeMs: 0, postprocessMs: 0 };

/** A loaded version of a model that runs in batches: its replicas behind a batcher. */
export class BatchModel<K extends BatchTaskKind> implements LoadedModel<K> {
  readonly name: string;
  readonly version: string;
  readonly details: TaskTypes[K]['details'];
  readonly #options: BatchModelOptions<K>;
  readonly #clock: Clock;
  readonly #batcher: DynamicBatcher<
    QueuedItem<TaskTypes[K]['item']>,
    ItemResult<TaskTypes[K]['result']>,
    StageTimes
  >;
  #closing: Promise<void> | null = null;

  constructor(options: BatchModelOptions<K>) {
    const { batching, pool, task } = options;
    this.#options = options;
    this.name = options.name;
    this.version = options.version;
    this.details = task.details;
    this.#clock = options.clock ?? systemClock;
    this.#batcher = new DynamicBatcher({
      maxBatchSize: batching.maxBatchSize,
      maxQueueSize: batching.maxQueueSize,
      maxDelayMs: batching.maxDelayMs,
      ...(batching.maxBatchTokens === null ? {} : { maxBatchTokens: batching.maxBatchTokens }),
      clock: this.#clock,
      runBatch: (items, signal) => this.#runBatch(items, signal),
    });
    this.#batcher.setCapacity(pool.capacity);
    pool.onCapacityChange((capacity) => {
      this.#batcher.setCapacity(capacity);
    });
  }

  get inputs(): readonly TensorMetadata[] {
    return this.#options.pool.inputs;
  }

  get outputs(): readonly TensorMetadata[] {
    return this.#options.pool.outputs;
  }

  async infer(
    items: readonly TaskTypes[K]['item'][],
    options: InferOptions = {},
  ): Promise<InferenceOutcome<TaskTypes[K]['result']>> {
    const { recorder, task } = this.#options;
    const queuedAt = this.#clock.now();
    try {
      const completed = await this.#batcher.submit(
        items.map((item) => ({ input: { item, queuedAt }, cost: task.costOf(item) })),
        options,
      );
      recorder.requestSucceeded(completed.totalMs);
      return { results: completed.results, stats: sumUp(completed.queueMs, completed.batches) };
    } catch (error) {
      if (options.signal?.aborted !== true) recorder.requestFailed();
      throw toCallerError(error, this, options.signal);
    }
  }

  activity(): RuntimeActivity {
    const { queuedRequests: queueLength, runningBatches, stalledForMs } = this.#batcher;
    return { queueLength, runningBatches, stalledForMs };
  }

  replicas(): readonly ReplicaStatus[] {
    return this.#options.pool.status();
  }

  injectFault(kind: FaultKind): void {
    this.#options.pool.injectFault(kind);
  }

  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#close(signal);
    return this.#closing;
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    // After the timeout, waiting requests are rejected; running batches end with the pool.
    await this.#batcher.drain(signal).catch(() => {
      this.#batcher.close();
    });
    await this.#options.pool.close();
  }

  async #runBatch(
    queued: readonly QueuedItem<TaskTypes[K]['item']>[],
    signal: AbortSignal,
  ): Promise<{
    readonly results: readonly ItemResult<TaskTypes[K]['result']>[];
    readonly report: StageTimes;
  }> {
    const startedAt = this.#clock.now();
    const queueMs = queued.map(({ queuedAt }) => startedAt - queuedAt);
    let times: StageTimes | null = null;
    try {
      const { pool, task } = this.#options;
      const items = queued.map(({ item }) => item);
      const transfer = items.flatMap((item) => task.buffersOf(item));
      const outcome = await pool.run(items, { transfer, signal });
      times = outcome.times;
      return { results: outcome.results, report: times };
    } finally {
      // A run that ended because nobody waited is neither a success nor a failure.
      if (times !== null || !signal.aborted) this.#report(queueMs, times);
    }
  }

  #report(queueMs: readonly number[], times: StageTimes | null): void {
    const { recorder, onInference } = this.#options;
    const event = {
      model: this.name,
      version: this.version,
      batchSize: queueMs.length,
      queueMs,
      ...(times ?? NO_TIMES),
      outcome: times === null ? 'failure' : 'success',
    } as const;
    recorder.batchEnded(event);
    onInference(event);
  }
}

function sumUp(queueMs: number, batches: readonly BatchShare<StageTimes>[]): InferenceStats {
  const sum = (stage: keyof StageTimes): number =>
    batches.reduce((total, { report }) => total + report[stage], 0);
  return {
    queueMs,
    preprocessMs: sum('preprocessMs'),
    computeMs: sum('computeMs'),
    postprocessMs: sum('postprocessMs'),
    batchSize: Math.max(0, ...batches.map(({ size }) => size)),
  };
}
