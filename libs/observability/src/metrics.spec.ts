import { describe, expect, it } from '@jest/globals';
import { METRIC_NAMES, Metrics } from './metrics.js';

const BATCH = {
  model: 'net',
  version: '2',
  batchSize: 3,
  outcome: 'success',
  queueMs: [1, 2, 3],
  preprocessMs: 10,
  computeMs: 200,
  postprocessMs: 0.5,
} as const;
const LABELS = 'model="net",version="2"';

describe('the metrics', () => {
  it('count a batch and its items once, and time its stages in seconds', async () => {
    const metrics = new Metrics();
    metrics.observeBatch(BATCH);
    const lines = (await metrics.registry.metrics()).split('\n');
    expect(lines).toContain(`${METRIC_NAMES.batches}{${LABELS},outcome="success"} 1`);
    expect(lines).toContain(`${METRIC_NAMES.items}{${LABELS},outcome="success"} 3`);
    expect(lines).toContain(`${METRIC_NAMES.batchSize}_sum{${LABELS}} 3`);
    expect(lines).toContain(`${METRIC_NAMES.stage}_count{${LABELS},stage="queue"} 3`);
    expect(lines).toContain(`${METRIC_NAMES.stage}_sum{${LABELS},stage="compute"} 0.2`);
    expect(lines).toContain(`${METRIC_NAMES.stage}_sum{${LABELS},stage="postprocess"} 0.0005`);
  });

  it('of a failed batch include its wait, but no stage that it may not have reached', async () => {
    const metrics = new Metrics();
    metrics.observeBatch({ ...BATCH, outcome: 'failure' });
    const text = await metrics.registry.metrics();
    expect(text).toContain(`${METRIC_NAMES.items}{${LABELS},outcome="failure"} 3`);
    expect(text).toContain('stage="queue"');
    expect(text).not.toContain('stage="compute"');
  });

  it('of a request are labeled with method, route and status', async () => {
    const metrics = new Metrics();
    metrics.observeRequest('GET', '/health', 200, 1500);
    expect(await metrics.registry.metrics()).toContain(
      `${METRIC_NAMES.httpDuration}_sum{method="GET",route="/health",status="200"} 1.5`,
    );
  });

  it('have separate registries', async () => {
    new Metrics().observeBatch(BATCH);
    expect(await new Metrics().registry.metrics()).not.toContain('net');
  });
});
