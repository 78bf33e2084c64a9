import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** A snapshot of one process's metrics, as plain data that can be sent to another process. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

/**
 * Merges the metrics of several processes, in the Prometheus text format: each metric is summed, unless it
 * declares another way (`aggregator`).
 */
export function renderSnapshots(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate(snapshots.map((metrics) => [...metrics])).metrics();
}
