import type { ItemResult, LoadedModel, ModelRegistry } from '@aerie/model-registry';
import type { EmbeddingResult } from '@aerie/tasks';
import { describe, expect, it, jest } from '@jest/globals';
import { EmbedService } from './embed.service.js';

const STATS = { queueMs: 100, preprocessMs: 1.111, computeMs: 2, postprocessMs: 0.5, batchSize: 8 };

const vector = (...values: readonly number[]): ItemResult<EmbeddingResult> => ({
  ok: true,
  value: { embedding: Float32Array.from(values), tokens: 3 },
});
const refused: ItemResult<EmbeddingResult> = { ok: false, code: 'INVALID_INPUT', message: 'has 300 tokens' };

function newService(results: readonly ItemResult<EmbeddingResult>[]) {
  const model: LoadedModel<'text-embedding'> = {
    name: 'mini',
    version: '1',
    details: { maxTokens: 256 },
    infer: jest.fn(async () => ({ results, stats: STATS })),
  };
  const use = jest.fn(
    async (_kind: unknown, _selector: unknown, _signal: unknown, work: (m: unknown) => unknown) =>
      work(model),
  );
  return { sut: new EmbedService({ use } as unknown as Pick<ModelRegistry, 'use'>), model, use };
}

describe('embed', () => {
  it('answers with one vector per text, the total of tokens, and the model that served it', async () => {
    const { sut, model, use } = newService([vector(1, 0), vector(0, 1)]);
    const call = { model: 'mini', signal: new AbortController().signal };
    await expect(sut.embed(['a', 'b'], true, call)).resolves.toEqual({
      reply: {
        embeddings: [
          [1, 0],
          [0, 1],
        ],
        dimensions: 2,
        model: 'mini',
        model_version: '1',
        usage: { tokens: 6 },
        inference_time_ms: 3.61,
      },
      servedBy: { model: 'mini', version: '1', stats: STATS },
    });
    expect(use).toHaveBeenCalledWith('text-embedding', call, call.signal, expect.anything());
    const items = [
      { text: 'a', truncate: true },
      { text: 'b', truncate: true },
    ];
    expect(model.infer).toHaveBeenCalledWith(items, call);
  });

  it('names the first text that was refused by its index', async () => {
    const { sut } = newService([vector(1), refused, refused]);
    await expect(sut.embed(['a', 'b', 'c'], false, {})).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'Text 1 has 300 tokens.',
    });
  });

  it('needs no index for the only one', async () => {
    const { sut } = newService([refused]);
    await expect(sut.embed(['a'], false, {})).rejects.toMatchObject({ message: 'The text has 300 tokens.' });
  });

  it.each([NaN, -Infinity])('fails when a vector holds %d, which JSON cannot tell', async (value) => {
    const { sut } = newService([vector(1, 0), vector(0, value)]);
    await expect(sut.embed(['a', 'b'], false, {})).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining(
        'The model mini, version 1, returned numbers that are not finite for text 1',
      ),
    });
    await expect(newService([vector(value)]).sut.embed(['a'], false, {})).rejects.toThrow('for the text');
  });
});
