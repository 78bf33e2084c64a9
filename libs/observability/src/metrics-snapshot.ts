import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** The metrics of one process at one time, as plain data that may cross to another. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

/**
 * The metrics of several processes as those of one, in the Prometheus text format: each metric is added up, unless it
 * says otherwise of itself (`aggregator`).
 */
export function renderSnapshots(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate(snapshots.map((metrics) => [...metrics])).metrics();
}
