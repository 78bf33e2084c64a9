import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { send } from './support/http.js';
import { ServerProcess } from './support/server-process.js';

describe('health', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start();
  });

  it('shows the state of every part', async () => {
    const { status, body } = await send(`${server.url}/health`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'healthy',
      model_loaded: true,
      gpu_available: false,
      version: '0.1.0',
    });
    expect(body.details.models['efficientnet-lite0@2']).toMatchObject({ state: 'ready', eager: true });
    expect(body.details.models['minilm-l6-v2@1']).toMatchObject({ state: 'ready' });
    expect(body.details.memory.rss_mb).toBeGreaterThan(10);
    expect(body.details.disk.free_mb).toBeGreaterThan(0);
    expect(body.details.event_loop.delay_p99_ms).toBeGreaterThanOrEqual(0);
  });

  it('is alive and ready', async () => {
    expect((await send(`${server.url}/health/live`)).body).toEqual({ status: 'alive' });
    expect((await send(`${server.url}/health/ready`)).body).toEqual({ status: 'ready' });
  });

  it('serves metrics for Prometheus', async () => {
    // Needs a request, because an empty histogram has no buckets.
    await send(`${server.url}/health/live`);
    const { text } = await send(`${server.url}/metrics`);
    expect(text).toMatch(/aerie_http_request_duration_seconds_bucket/);
    expect(text).toMatch(/process_resident_memory_bytes/);
  });
});

describe('health with DEVICE=gpu', () => {
  let server: ServerProcess | undefined;

  afterEach(async () => {
    await server?.stop();
  });

  it('is degraded but answers 200 if there is no GPU', async () => {
    server = await ServerProcess.start({ DEVICE: 'gpu' });
    const { status, body } = await send(`${server.url}/health`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'degraded', model_loaded: true, gpu_available: false });
  });

  it('shows the GPUs of nvidia-smi, and runs on the CPU if CUDA does not load', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'aerie-gpu-'));
    const command = join(directory, 'nvidia-smi');
    writeFileSync(command, '#!/bin/sh\necho "0, NVIDIA H200, 143771, 1024, 7"\n');
    chmodSync(command, 0o755);
    server = await ServerProcess.start({ PATH: `${directory}:${process.env.PATH ?? ''}`, DEVICE: 'auto' });
    const { body } = await send(`${server.url}/health`);
    expect(body.gpu_available).toBe(true);
    expect(body.details.gpu.devices[0]).toEqual({
      index: 0,
      name: 'NVIDIA H200',
      memory_total_mb: 143_771,
      memory_used_mb: 1024,
      utilization_percent: 7,
    });
  });
});
