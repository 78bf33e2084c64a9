import { beforeEach, describe, expect, it } from '@jest/globals';
import { Metrics } from './metrics.js';

describe('metrics of language models', () => {
  let metrics: Metrics;

  beforeEach(() => {
    metrics = new Metrics();
  });

  it('read the gauges at each scrape, and sum the versions of a model', async () => {
    let running = 1;
    metrics.generation.watch(() => [
      { model: 'chat', running, waiting: 4, kvUsage: 0.25 },
      { model: 'chat', running: 2, waiting: 0, kvUsage: 0 },
    ]);
    expect(await metrics.registry.metrics()).toContain('vllm:num_requests_running{model_name="chat"} 3');
    running = 5;
    const text = await metrics.registry.metrics();
    expect(text).toContain('vllm:num_requests_running{model_name="chat"} 7');
    expect(text).toContain('vllm:num_requests_waiting{model_name="chat"} 4');
    expect(text).toContain('vllm:kv_cache_usage_perc{model_name="chat"} 0.25');
  });

  it('count tokens of every request, and the duration of completed ones', async () => {
    const usage = { promptTokens: 10, cachedTokens: 4, completionTokens: 3 };
    metrics.generation.observeEnd('chat', { outcome: 'completed', usage, totalMs: 2_000 });
    metrics.generation.observeEnd('chat', { outcome: 'canceled', usage, totalMs: 9_000 });
    const text = await metrics.registry.metrics();
    expect(text).toContain('vllm:prompt_tokens_total{model_name="chat"} 20');
    expect(text).toContain('vllm:generation_tokens_total{model_name="chat"} 6');
    expect(text).toContain('aerie_generation_cached_tokens_total{model_name="chat"} 8');
    expect(text).toContain('vllm:e2e_request_latency_seconds_sum{model_name="chat"} 2');
    expect(text).toContain('aerie_generation_requests_total{model_name="chat",outcome="canceled"} 1');
  });

  it('time first tokens, gaps and runs, in seconds', async () => {
    metrics.generation.observeFirstToken('chat', 300);
    metrics.generation.observeInterToken('chat', 20);
    metrics.generation.observeStep('chat', { kind: 'prefill', tokens: 64, runMs: 100 });
    const text = await metrics.registry.metrics();
    expect(text).toContain('vllm:time_to_first_token_seconds_sum{model_name="chat"} 0.3');
    expect(text).toContain('vllm:inter_token_latency_seconds_sum{model_name="chat"} 0.02');
    expect(text).toContain(
      'aerie_generation_step_duration_seconds_sum{model_name="chat",kind="prefill"} 0.1',
    );
    expect(text).toContain('aerie_generation_step_tokens_total{model_name="chat",kind="prefill"} 64');
  });
});
