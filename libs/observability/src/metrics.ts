import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { GenerationMetrics } from './generation-metrics.js';
import type { MetricsSnapshot } from './metrics-snapshot.js';

/** Every metric's name, in one place. */
export const METRIC_NAMES = {
  httpDuration: 'aerie_http_request_duration_seconds',
  items: 'aerie_inference_items_total',
  batches: 'aerie_inference_batches_total',
  batchSize: 'aerie_inference_batch_size',
  stage: 'aerie_inference_stage_duration_seconds',
} as const;

/** Stages of an inference, as labels of {@link METRIC_NAMES.stage}. */
export type Stage = 'queue' | 'preprocess' | 'compute' | 'postprocess';

const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A finished batch. */
export interface BatchObservation {
  readonly model: string;
  readonly version: string;
  readonly batchSize: number;
  readonly outcome: 'success' | 'failure';
  readonly queueMs: readonly number[];
  readonly preprocessMs: number;
  readonly computeMs: number;
  readonly postprocessMs: number;
}

/** The metrics of one process, for Prometheus. */
export class Metrics {
  readonly registry = new Registry();
  /** Metrics of language models. */
  readonly generation = new GenerationMetrics(this.registry);

  readonly #http = new Histogram({
    name: METRIC_NAMES.httpDuration,
    help: 'Time from the first byte of a request to the end of its response, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: LATENCY_BUCKETS,
    registers: [this.registry],
  });
  readonly #items = new Counter({
    name: METRIC_NAMES.items,
    help: 'Items (images, texts) that a model has processed.',
    labelNames: ['model', 'version', 'outcome'],
    registers: [this.registry],
  });
  readonly #batches = new Counter({
    name: METRIC_NAMES.batches,
    help: 'Batches run.',
    labelNames: ['model', 'version', 'outcome'],
    registers: [this.registry],
  });
  readonly #batchSize = new Histogram({
    name: METRIC_NAMES.batchSize,
    help: 'Items in a batch.',
    labelNames: ['model', 'version'],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
    registers: [this.registry],
  });
  readonly #stage = new Histogram({
    name: METRIC_NAMES.stage,
    help: 'Time in each stage: queue for each item, the others for each batch.',
    labelNames: ['model', 'version', 'stage'],
    buckets: LATENCY_BUCKETS,
    registers: [this.registry],
  });

  /** Adds the process's own metrics (memory, CPU, event-loop delay, garbage collection). */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** All metrics as plain data, to be merged with those of other processes. */
  snapshot(): Promise<MetricsSnapshot> {
    return this.registry.getMetricsAsJSON();
  }

  /** `route` is the route's pattern, not the request's path, so the number of series stays bounded. */
  observeRequest(method: string, route: string, status: number, durationMs: number): void {
    this.#http.observe({ method, route, status }, durationMs / 1000);
  }

  observeBatch(batch: BatchObservation): void {
    const { model, version, outcome } = batch;
    this.#batches.inc({ model, version, outcome });
    this.#items.inc({ model, version, outcome }, batch.batchSize);
    this.#batchSize.observe({ model, version }, batch.batchSize);
    const observe = (stage: Stage, ms: number) => {
      this.#stage.observe({ model, version, stage }, ms / 1000);
    };
    for (const ms of batch.queueMs) observe('queue', ms);
    if (outcome === 'failure') return;
    observe('preprocess', batch.preprocessMs);
    observe('compute', batch.computeMs);
    observe('postprocess', batch.postprocessMs);
  }
}
