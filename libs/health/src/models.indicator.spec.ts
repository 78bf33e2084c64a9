import type { ModelRegistry } from '@aerie/model-registry';
import { describe, expect, it } from '@jest/globals';
import { HealthIndicatorService } from '@nestjs/terminus';
import { ModelsIndicator } from './models.indicator.js';

const MODEL = {
  name: 'm',
  version: '1',
  state: 'ready',
  eager: true,
  error: null,
  replicasUp: 2,
  replicasTotal: 2,
  wedged: 0,
  restarting: 0,
  gpuMissing: false,
  queueLength: 3,
  stalledForMs: 1.6,
};

const check = (model: object, health: object = {}, needsModels = true) => {
  const registry = {
    health: () => ({ ready: true, models: [{ ...MODEL, ...model }], unusable: [], ...health }),
  };
  const indicators = new HealthIndicatorService();
  return new ModelsIndicator(registry as unknown as ModelRegistry, indicators, { needsModels }).check()
    .models;
};

describe('the models', () => {
  it('are shown by version', () => {
    expect(check({})).toEqual({
      status: 'up',
      'm@1': {
        state: 'ready',
        eager: true,
        replicas: { up: 2, total: 2, wedged: 0, restarting: 0 },
        gpu_missing: false,
        queue_length: 3,
        stalled_for_ms: 2,
      },
    });
  });

  it.each([
    ['down', 'one is not ready', {}, { ready: false }],
    ['down', 'a replica is wedged', { wedged: 1 }, {}],
    ['degraded', 'an eager version cannot be loaded', { error: 'bad file' }, {}],
    ['up', 'a lazy version cannot be loaded', { eager: false, error: 'bad file' }, {}],
    ['degraded', 'a replica restarts', { restarting: 1 }, {}],
    ['degraded', 'its GPU is missing', { gpuMissing: true }, {}],
    ['degraded', 'the circuit of its upstream is open', { circuit: 'open' }, {}],
    ['up', 'the circuit of its upstream is half-open', { circuit: 'half-open' }, {}],
    ['degraded', 'a folder cannot be used', {}, { unusable: [{ name: 'x', reason: 'no manifest' }] }],
  ])('are %s when %s', (status, _, model, health) => {
    expect(check(model, health).status).toBe(status);
  });

  it.each([
    ['x', 'x'],
    ['status', 'status/'],
    ['m@1', 'm@1/'],
    ['__proto__', '__proto__'],
    ['toString', 'toString'],
  ])('list the folder %s, which cannot be used, as %s', (name, key) => {
    const { status, ...models } = check({}, { unusable: [{ name, reason: 'no manifest' }] });
    expect(status).toBe('degraded');
    expect(Object.keys(models)).toEqual(['m@1', key]);
    expect(new Map<string, unknown>(Object.entries(models)).get(key)).toEqual({
      state: 'unusable',
      error: 'no manifest',
    });
  });

  it('may still load in a worker, whose jobs wait for them', () => {
    expect(check({ state: 'loading' }, { ready: false }, false).status).toBe('up');
    expect(check({ wedged: 1 }, {}, false).status).toBe('down');
  });
});
