import { expect, it } from '@jest/globals';
import type { ModelRegistry } from '@aerie/model-registry';
import { ModelsController } from './models.controller.js';
import { snakeCase } from './snake-case.js';

it('keys become snake_case at every depth, and values stay unchanged', () => {
  const date = new Date(0);
  expect(snakeCase({ loadedAt: date, aB: [{ queueMs: 1 }, null, 'cD'], plain: { x_y: undefined } })).toEqual({
    loaded_at: '1970-01-01T00:00:00.000Z',
    a_b: [{ queue_ms: 1 }, null, 'cD'],
    plain: { x_y: undefined },
  });
});

it('aliases of a model stay as the manifest spells them', () => {
  const model = { name: 'net', defaultVersion: '2', aliases: { greenOne: '2' }, labels: ['a'] };
  const registry = { describe: () => [model], describeModel: () => model };
  const controller = new ModelsController(registry as unknown as ModelRegistry);
  expect(controller.read('net')).toEqual({ name: 'net', default_version: '2', aliases: { greenOne: '2' }, labels: ['a'] });
  expect(controller.list().models).toMatchObject([{ aliases: { greenOne: '2' }, labels: null }]);
});
