import { AerieError } from '@aerie/contracts';
import type { ItemResult } from '../kernel.js';
import type { RunOutcome, FaultKind, ReplicaPool, ReplicaStatus, StageTimes } from '../replica-pool.js';
import type { TensorMetadata } from '../tensor.js';

/** Runs one batch: returns a result per item, or rejects, which fails the batch. While pending, it keeps a replica busy. */
export type BatchHandler<I, O> = (
  items: readonly I[],
) => readonly ItemResult<O>[] | Promise<readonly ItemResult<O>[]>;

/** Properties of a {@link FakeReplicaPool}, all optional. */
export interface FakeReplicaPoolOptions {
  /** Default: 1. */
  readonly capacity?: number;
  readonly inputs?: readonly TensorMetadata[];
  readonly outputs?: readonly TensorMetadata[];
  /** Times reported for every batch. Default: zeros. */
  readonly times?: StageTimes;
}

/**
 * A pool without threads, for specs. Batches run at once, whatever the capacity.
 *
 * @example
 * const pool = FakeReplicaPool.answering((text: string) => text.length);
 * await pool.run(['a', 'bc']); // results: 1, 2
 * pool.batches; // [['a', 'bc']]
 */
export class FakeReplicaPool<I, O> implements ReplicaPool<I, O> {
  /** Every batch that was run, in order. */
  readonly batches: (readonly I[])[] = [];
  /** Every fault that was injected, in order. None takes effect: use {@link FakeReplicaPool.failNext}. */
  readonly faults: FaultKind[] = [];
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly #handler: BatchHandler<I, O>;
  readonly #times: StageTimes;
  readonly #listeners = new Set<(capacity: number) => void>();
  readonly #failures: Error[] = [];
  #capacity: number;
  #closed = false;

  constructor(handler: BatchHandler<I, O>, options: FakeReplicaPoolOptions = {}) {
    this.#handler = handler;
    this.#capacity = options.capacity ?? 1;
    this.inputs = options.inputs ?? [];
    this.outputs = options.outputs ?? [];
    this.#times = options.times ?? { preprocessMs: 0, computeMs: 0, postprocessMs: 0 };
  }

  /** A pool that answers item by item. An AerieError thrown by `answer` refuses that item alone. */
  static answering<I, O>(answer: (item: I) => O, options?: FakeReplicaPoolOptions): FakeReplicaPool<I, O> {
    return new FakeReplicaPool<I, O>((items) => items.map((item) => answerItem(answer, item)), options);
  }

  get capacity(): number {
    return this.#capacity;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Changes the capacity and tells the listeners, as replicas that die and return do. */
  setCapacity(capacity: number): void {
    this.#capacity = capacity;
    for (const listener of this.#listeners) listener(capacity);
  }

  /** Makes the next batch fail with `error`. Several queue up. */
  failNext(error: Error): void {
    this.#failures.push(error);
  }

  onCapacityChange(listener: (capacity: number) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async run(items: readonly I[]): Promise<RunOutcome<O>> {
    if (this.#closed) throw new AerieError('MODEL_NOT_LOADED', 'The pool is closed');
    this.batches.push(items);
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    return { results: await this.#handler(items), times: this.#times };
  }

  status(): readonly ReplicaStatus[] {
    return Array.from({ length: this.#capacity }, (_, index) => ({
      index,
      state: this.#closed ? 'closed' : 'idle',
      provider: 'cpu',
      deviceId: null,
      restarts: 0,
      busyMs: null,
    }));
  }

  injectFault(kind: FaultKind): void {
    this.faults.push(kind);
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}

function answerItem<I, O>(answer: (item: I) => O, item: I): ItemResult<O> {
  try {
    return { ok: true, value: answer(item) };
  } catch (error) {
    if (!(error instanceof AerieError)) throw error;
    return { ok: false, code: error.code, message: error.message };
  }
}
