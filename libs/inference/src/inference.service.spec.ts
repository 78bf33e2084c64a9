import { AerieError } from '@aerie/contracts';
import type { ItemResult, ModelRegistry } from '@aerie/model-registry';
import type { BatchRoute, RouteResources, RouteTypes } from '@aerie/tasks';
import { describe, expect, it, jest } from '@jest/globals';
import { InferenceService } from './inference.service.js';

const STATS = { queueMs: 1, preprocessMs: 1.111, computeMs: 2, postprocessMs: 0.5, batchSize: 8 };

interface LengthTypes extends RouteTypes {
  readonly item: string;
  readonly result: number;
  readonly details: { readonly unit: string };
  readonly input: readonly string[];
  readonly reply: { readonly lengths: readonly number[]; readonly unit: string; readonly ms: number };
}

/** Texts to their lengths. */
const ROUTE: BatchRoute<'text-embedding', LengthTypes> = {
  name: 'length',
  kind: 'text-embedding',
  bucket: 'embed',
  itemName: 'text',
  dto: Object,
  docs: { summary: '', description: '', jobSummary: '', reply: Object as never },
  toInput: () => [],
  toItems: (input) => input,
  isFinite: Number.isFinite,
  toReply: ({ results, details, inferenceTimeMs }) => ({ lengths: results, ...details, ms: inferenceTimeMs }),
};

const RESOURCES = { images: {} } as RouteResources;
const lengthOf = (text: string): ItemResult<number> => ({ ok: true, value: text.length });
const call = { model: 'm', signal: new AbortController().signal };

function newService(resultOf: (text: string) => ItemResult<number> = lengthOf, unknown?: AerieError) {
  const infer = jest.fn(async (items: readonly string[], _call: unknown) => ({
    results: items.map(resultOf),
    stats: { ...STATS, batchSize: items.length },
  }));
  const model = { name: 'm', version: '2', details: { unit: 'characters' }, infer };
  const registry = {
    resolve: jest.fn(() => {
      if (unknown !== undefined) throw unknown;
      return { name: 'm', version: '2' };
    }),
    use: jest.fn(
      async (_kind: unknown, _selector: unknown, _signal: unknown, work: (m: unknown) => unknown) =>
        work(model),
    ),
  };
  const sut = new InferenceService(registry as unknown as Pick<ModelRegistry, 'use' | 'resolve'>, RESOURCES);
  return { sut, infer, registry };
}

describe('a request to a route', () => {
  it('gets the reply of its route, and the model that served it', async () => {
    const { sut, infer, registry } = newService();
    await expect(sut.run(ROUTE, ['a', 'bb'], call)).resolves.toEqual({
      reply: { lengths: [1, 2], unit: 'characters', ms: 3.61 },
      servedBy: { model: 'm', version: '2', stats: { ...STATS, batchSize: 2 } },
    });
    expect(registry.use).toHaveBeenCalledWith('text-embedding', call, call.signal, expect.anything());
    expect(infer.mock.calls).toEqual([[['a', 'bb'], call]]);
  });

  it('fetches before a model is used', async () => {
    const { sut, registry } = newService();
    const fetch = jest.fn(async (..._with: readonly unknown[]) => {
      expect(registry.use).not.toHaveBeenCalled();
      return ['abc'];
    });
    const { reply } = await sut.run({ ...ROUTE, fetch }, ['url'], call);
    expect(reply.lengths).toEqual([3]);
    expect(fetch).toHaveBeenCalledWith(['url'], RESOURCES, call.signal);
  });

  it('reports an unknown model before it fetches anything', async () => {
    const unknown = new AerieError('MODEL_NOT_FOUND', 'no');
    const fetch = jest.fn(async () => ['abc']);
    await expect(newService(lengthOf, unknown).sut.run({ ...ROUTE, fetch }, ['url'], call)).rejects.toBe(
      unknown,
    );
    expect(fetch).not.toHaveBeenCalled();
  });

  it('loads no model if the fetch fails', async () => {
    const { sut, registry } = newService();
    const failure = new AerieError('INVALID_INPUT', 'no');
    await expect(sut.run({ ...ROUTE, fetch: () => Promise.reject(failure) }, [''], call)).rejects.toBe(
      failure,
    );
    expect(registry.use).not.toHaveBeenCalled();
  });
});

describe('an item that is refused', () => {
  const refuse = (): ItemResult<number> => ({ ok: false, code: 'INVALID_INPUT', message: 'is too long' });
  const refuseLong = (text: string) => (text.length > 1 ? refuse() : lengthOf(text));

  it('is named by its index', async () => {
    await expect(newService(refuseLong).sut.run(ROUTE, ['a', 'bb', 'cc'], call)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'Text 1 is too long.',
    });
  });

  it('needs no index if it is the only one', async () => {
    await expect(newService(refuse).sut.run(ROUTE, ['a'], call)).rejects.toThrow('The text is too long.');
  });

  it('keeps its index if items run in groups, and ends the request', async () => {
    const { sut, infer } = newService(refuseLong);
    const running = sut.run(ROUTE, ['a', 'b', 'c', 'dd', 'e'], call, { itemsAtOnce: 2 });
    await expect(running).rejects.toThrow('Text 3 is too long.');
    expect(infer).toHaveBeenCalledTimes(2);
  });
});

it.each([NaN, -Infinity])('a result of %d, which JSON cannot represent, fails', async (value) => {
  const result: ItemResult<number> = { ok: true, value };
  await expect(newService(() => result).sut.run(ROUTE, ['a', 'b'], call)).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.stringContaining(
      'The model m, version 2, returned numbers that are not finite for text 0',
    ) as unknown,
  });
  await expect(newService(() => result).sut.run(ROUTE, ['a'], call)).rejects.toThrow('for the text');
});

describe('items that run in groups', () => {
  it('report progress, and sum up the times', async () => {
    const { sut, infer } = newService();
    const progress: number[] = [];
    const { reply, servedBy } = await sut.run(ROUTE, ['a', 'bb', 'ccc'], call, {
      itemsAtOnce: 2,
      onProgress: (fraction) => progress.push(fraction),
    });
    expect(infer.mock.calls.map(([items]) => items)).toEqual([['a', 'bb'], ['ccc']]);
    expect(progress).toEqual([2 / 3, 1]);
    expect(reply).toEqual({ lengths: [1, 2, 3], unit: 'characters', ms: 7.22 });
    expect(servedBy.stats).toEqual({
      queueMs: 2,
      preprocessMs: 2.222,
      computeMs: 4,
      postprocessMs: 1,
      batchSize: 2,
    });
  });

  it('end between two runs when the signal aborts', async () => {
    const controller = new AbortController();
    const reason = new AerieError('CANCELED', 'left');
    const { sut, infer } = newService((text) => {
      controller.abort(reason);
      return lengthOf(text);
    });
    const running = sut.run(ROUTE, ['a', 'b'], { signal: controller.signal }, { itemsAtOnce: 1 });
    await expect(running).rejects.toBe(reason);
    expect(infer).toHaveBeenCalledTimes(1);
  });
});
