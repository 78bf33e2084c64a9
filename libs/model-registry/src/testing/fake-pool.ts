import type {
  BatchRunOptions,
  RunOutcome,
  FaultKind,
  ItemResult,
  ReplicaPool,
  ReplicaStatus,
  TensorMetadata,
} from '@aerie/engine';

interface PendingRun {
  readonly items: readonly unknown[];
  readonly resolve: (outcome: RunOutcome<unknown>) => void;
  readonly reject: (error: Error) => void;
}

/** A pool whose runs answer each item with itself: at once, or when the spec says so. */
export class FakePool implements ReplicaPool<unknown, unknown> {
  readonly inputs: readonly TensorMetadata[] = [{ name: 'x', dtype: 'float32', shape: ['batch', 3] }];
  outputs: readonly TensorMetadata[] = [{ name: 'y', dtype: 'float32', shape: [-1] }];
  /** Items of every run, in order. */
  readonly runs: (readonly unknown[])[] = [];
  /** Buffers handed over with every run, in order. */
  readonly transfers: (readonly ArrayBuffer[])[] = [];
  readonly faults: FaultKind[] = [];
  readonly pending: PendingRun[] = [];
  replicas: readonly ReplicaStatus[] = [
    { index: 0, state: 'idle', provider: 'cpu', deviceId: null, restarts: 0 },
  ];
  /** Keeps runs pending until {@link FakePool.finish} or {@link FakePool.fail}. */
  held = false;
  closed = false;
  /** Answers an item; default: with itself. */
  answer: (item: unknown) => ItemResult<unknown> = (value) => ({ ok: true, value });
  #capacity = 1;
  readonly #listeners = new Set<(capacity: number) => void>();

  get capacity(): number {
    return this.#capacity;
  }

  setCapacity(capacity: number): void {
    this.#capacity = capacity;
    for (const listener of this.#listeners) listener(capacity);
  }

  onCapacityChange(listener: (capacity: number) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  run(items: readonly unknown[], { transfer = [] }: BatchRunOptions = {}): Promise<RunOutcome<unknown>> {
    if (this.pending.length >= this.#capacity) return Promise.reject(new Error('No replica is idle.'));
    this.runs.push(items);
    this.transfers.push(transfer);
    return new Promise((resolve, reject) => {
      this.pending.push({ items, resolve, reject });
      if (!this.held) this.finish();
    });
  }

  /** Ends the oldest pending run well. */
  finish(): void {
    const run = this.pending.shift();
    run?.resolve({
      results: run.items.map(this.answer),
      times: { preprocessMs: 1, computeMs: 10, postprocessMs: 2 },
    });
  }

  /** Ends the oldest pending run badly. */
  fail(error: Error): void {
    this.pending.shift()?.reject(error);
  }

  status(): readonly ReplicaStatus[] {
    return this.replicas;
  }

  injectFault(kind: FaultKind): void {
    this.faults.push(kind);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
