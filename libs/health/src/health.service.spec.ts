import type { Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import type { DrainService } from '@aerie/http';
import type { ModelRegistry } from '@aerie/model-registry';
import { describe, expect, it } from '@jest/globals';
import { ServiceUnavailableException } from '@nestjs/common';
import type { HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import type { HealthOptions } from './health-options.js';
import { HealthService } from './health.service.js';

const MODEL = { name: 'm', version: '1', eager: true, state: 'ready', stalledForMs: null };

interface Given {
  readonly result?: Partial<HealthCheckResult>;
  readonly options?: Partial<HealthOptions>;
  readonly model?: object;
  readonly ready?: boolean;
  readonly draining?: boolean;
}

function newService({ result = {}, options = {}, model = {}, ready = true, draining = false }: Given = {}) {
  const checked = { status: 'ok', details: {}, ...result };
  const runner = {
    check: () =>
      checked.status === 'error'
        ? Promise.reject(new ServiceUnavailableException(checked))
        : Promise.resolve(checked),
  };
  const registry = { health: () => ({ ready, loaded: ready, models: [{ ...MODEL, ...model }] }) };
  return new HealthService(
    runner as unknown as HealthCheckService,
    [],
    { needsModels: true, ...options },
    registry as unknown as ModelRegistry,
    { draining } as DrainService,
    { models: { livenessTimeoutMs: 30_000 } } as Settings,
  );
}

describe('health', () => {
  it.each([
    ['ok', 'healthy'],
    ['degraded', 'degraded'],
    ['error', 'unhealthy'],
  ] as const)('with the checks %s is %s', async (status, expected) => {
    await expect(newService({ result: { status } }).read()).resolves.toMatchObject({ status: expected });
  });

  it('has the fields of its application and the details of each check', async () => {
    const details = { gpu: { status: 'up' as const, available: true } };
    const fields = () => Promise.resolve({ draining: false });
    await expect(newService({ result: { details }, options: { fields } }).read()).resolves.toEqual({
      status: 'healthy',
      model_loaded: true,
      gpu_available: true,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      draining: false,
      details,
    });
  });

  it('is lost if a model has had work for too long', async () => {
    const [slow, stalled] = [29_999, 30_000].map((stalledForMs) => newService({ model: { stalledForMs } }));
    expect([slow?.alive, stalled?.alive]).toEqual([true, false]);
    await expect(stalled?.read()).resolves.toMatchObject({ status: 'unhealthy' });
  });
});

describe('readiness', () => {
  const loading = { ready: false, model: { state: 'loading' } };
  const blocked = { blocker: () => Promise.resolve(new AerieError('QUEUE_UNAVAILABLE', 'away')) };

  it.each<[string, string | undefined, Given]>([
    ['nothing', undefined, {}],
    ['a drain', 'SHUTTING_DOWN', { draining: true }],
    ['a model that loads', 'MODEL_NOT_LOADED', loading],
    ['no model where none is needed', undefined, { ...loading, options: { needsModels: false } }],
    ['what the application says', 'QUEUE_UNAVAILABLE', { options: blocked }],
  ])('with %s: %s', async (_, code, given) => {
    expect((await newService(given).blocker())?.code).toBe(code);
  });

  it('names the models that are missing', async () => {
    const blocker = await newService(loading).blocker();
    expect(blocker?.message).toBe('Not every model is ready yet: m@1 (loading).');
  });
});
