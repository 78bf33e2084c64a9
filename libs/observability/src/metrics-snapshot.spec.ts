import { expect, it } from '@jest/globals';
import { GENERATION_METRIC_NAMES } from './generation-metrics.js';
import { METRIC_NAMES, Metrics } from './metrics.js';
import { renderSnapshots } from './metrics-snapshot.js';

it('the metrics of several processes are merged', async () => {
  const processes = [new Metrics(), new Metrics()];
  processes.forEach((metrics, index) => {
    metrics.collectProcessMetrics();
    metrics.observeRequest('GET', '/health', 200, 1000 * (index + 1));
    metrics.generation.watch(() => [{ model: 'chat', running: 2, waiting: 1, kvUsage: 0.5 + index / 4 }]);
  });
  const snapshots = await Promise.all(processes.map((metrics) => metrics.snapshot()));
  const text = await renderSnapshots(structuredClone(snapshots));
  const route = 'method="GET",route="/health",status="200"';
  expect(text).toContain(`${METRIC_NAMES.httpDuration}_sum{${route}} 3`);
  expect(text).toContain(`${METRIC_NAMES.httpDuration}_count{${route}} 2`);
  expect(text).toContain(`${METRIC_NAMES.httpDuration}_bucket{le="+Inf",${route}} 2`);
  expect(text).toContain(`${GENERATION_METRIC_NAMES.running}{model_name="chat"} 4`);
  // A share is averaged, not summed.
  expect(text).toContain(`${GENERATION_METRIC_NAMES.kvUsage}{model_name="chat"} 0.625`);
  expect(text).toMatch(/^nodejs_version_info\{.*\} 1$/m);
});
