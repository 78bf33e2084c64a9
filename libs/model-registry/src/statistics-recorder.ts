import type { InferenceEvent } from './inference-event.js';
import type { BatchSizeStatistics, StageStatistics, VersionStatistics } from './statistics.js';

class Stage {
  #count = 0;
  #totalMs = 0;
  #maxMs = 0;

  add(ms: number): void {
    this.#count += 1;
    this.#totalMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  snapshot(): StageStatistics {
    const averageMs = this.#count === 0 ? 0 : this.#totalMs / this.#count;
    return { count: this.#count, totalMs: this.#totalMs, averageMs, maxMs: this.#maxMs };
  }
}

type SizeTotals = { -readonly [P in keyof BatchSizeStatistics]: BatchSizeStatistics[P] };

/** Counts what one version does, across its loads. */
export class StatisticsRecorder {
  readonly #total = new Stage();
  readonly #queue = new Stage();
  readonly #preprocess = new Stage();
  readonly #compute = new Stage();
  readonly #postprocess = new Stage();
  readonly #sizes = new Map<number, SizeTotals>();
  readonly #requests = { succeeded: 0, failed: 0 };
  readonly #batches = { succeeded: 0, failed: 0 };
  #items = 0;
  #lastInferenceAt: Date | null = null;

  requestSucceeded(totalMs: number): void {
    this.#requests.succeeded += 1;
    this.#total.add(totalMs);
  }

  requestFailed(): void {
    this.#requests.failed += 1;
  }

  batchEnded(event: InferenceEvent): void {
    this.#lastInferenceAt = new Date();
    if (event.outcome === 'failure') {
      this.#batches.failed += 1;
      return;
    }
    this.#batches.succeeded += 1;
    this.#items += event.batchSize;
    for (const ms of event.queueMs) this.#queue.add(ms);
    this.#preprocess.add(event.preprocessMs);
    this.#compute.add(event.computeMs);
    this.#postprocess.add(event.postprocessMs);
    const size = this.#sizeTotals(event.batchSize);
    size.count += 1;
    size.preprocessMs += event.preprocessMs;
    size.computeMs += event.computeMs;
    size.postprocessMs += event.postprocessMs;
  }

  snapshot(now: { readonly queueLength: number; readonly runningBatches: number }): VersionStatistics {
    return {
      requests: { ...this.#requests },
      total: this.#total.snapshot(),
      items: this.#items,
      batches: { ...this.#batches },
      stages: {
        queue: this.#queue.snapshot(),
        preprocess: this.#preprocess.snapshot(),
        compute: this.#compute.snapshot(),
        postprocess: this.#postprocess.snapshot(),
      },
      batchSizes: [...this.#sizes.values()]
        .sort((a, b) => a.batchSize - b.batchSize)
        .map((size) => ({ ...size })),
      ...now,
      lastInferenceAt: this.#lastInferenceAt,
    };
  }

  #sizeTotals(batchSize: number): SizeTotals {
    let totals = this.#sizes.get(batchSize);
    if (totals === undefined) {
      totals = { batchSize, count: 0, preprocessMs: 0, computeMs: 0, postprocessMs: 0 };
      this.#sizes.set(batchSize, totals);
    }
    return totals;
  }
}
