import { AerieError } from '@aerie/contracts';
import type { ItemResult, LoadedModel, ModelRegistry } from '@aerie/model-registry';
import type { ClassScore } from '@aerie/tasks';
import { describe, expect, it, jest } from '@jest/globals';
import sharp from 'sharp';
import { BoundedGate } from './bounded-gate.js';
import type { ImageLoader } from './image-loader.js';
import { PredictService } from './predict.service.js';

const STATS = { queueMs: 1, preprocessMs: 1, computeMs: 10, postprocessMs: 0.5, batchSize: 2 };
const SOURCE = { kind: 'url', url: 'https://img.test/cat.png' } as const;
const PNG = await sharp({ create: { width: 8, height: 4, channels: 3, background: '#c86432' } })
  .png()
  .toBuffer();
const FINE: ItemResult<readonly ClassScore[]> = {
  ok: true,
  value: [
    { index: 1, confidence: 1.0000001 },
    { index: 2, confidence: -0 },
  ],
};

interface Given {
  readonly bytes?: Uint8Array;
  readonly unknown?: AerieError;
  readonly result?: ItemResult<readonly ClassScore[]>;
  readonly labels?: readonly string[] | null;
}

function newService({ bytes = PNG, unknown, result = FINE, labels = ['dog', 'cat'] }: Given = {}) {
  const model: LoadedModel<'image-classification'> = {
    name: 'net',
    version: '2',
    details: {
      labels,
      geometry: { width: 4, height: 2, crop: 1, resample: 'bicubic', background: [255, 255, 255] },
    },
    infer: jest.fn(async () => ({ results: [result], stats: STATS })),
  };
  const registry = {
    resolve: jest.fn(() => {
      if (unknown !== undefined) throw unknown;
      return { name: 'net', version: '2' };
    }),
    use: jest.fn(
      async (_kind: unknown, _selector: unknown, _signal: unknown, work: (m: unknown) => unknown) =>
        work(model),
    ),
  };
  const images = { load: jest.fn<ImageLoader['load']>().mockResolvedValue(bytes) };
  const gate = new BoundedGate('image decoding', 1, 0);
  const limits = { maxPixels: 1000, timeoutSeconds: 5 };
  const sut = new PredictService(
    registry as unknown as Pick<ModelRegistry, 'use' | 'resolve'>,
    images,
    gate,
    limits,
  );
  return { sut, model, registry, images, gate };
}

describe('predict', () => {
  it('answers with labels, probabilities within 0..1, and what served it', async () => {
    const { sut, model, images } = newService();
    const call = { version: '2', signal: new AbortController().signal };
    await expect(sut.predict(SOURCE, 2, call)).resolves.toEqual({
      reply: {
        predictions: [
          { label: 'cat', confidence: 1 },
          { label: '2', confidence: 0 },
        ],
        model_version: '2',
        inference_time_ms: 11.5,
      },
      servedBy: { model: 'net', version: '2', stats: STATS },
    });
    expect(images.load).toHaveBeenCalledWith(SOURCE, call.signal);
    const [items, options] = jest.mocked(model.infer).mock.calls[0] ?? [];
    expect(items?.map(({ pixels, orientation, topK }) => [pixels.length, orientation, topK])).toEqual([
      [24, 1, 2],
    ]);
    expect(options).toBe(call);
  });

  it('names classes by their number when the model has no labels', async () => {
    const { reply } = await newService({ labels: null }).sut.predict(SOURCE, 2, {});
    expect(reply.predictions.map(({ label }) => label)).toEqual(['1', '2']);
  });

  it('tells an unknown model before it fetches anything', async () => {
    const unknown = new AerieError('MODEL_NOT_FOUND', 'no');
    const { sut, images } = newService({ unknown });
    await expect(sut.predict(SOURCE, 5, { model: 'x' })).rejects.toBe(unknown);
    expect(images.load).not.toHaveBeenCalled();
  });

  it('refuses bytes of no picture before it loads a model or takes a place to decode', async () => {
    const { sut, registry } = newService({ bytes: Buffer.from('<html>') });
    await expect(sut.predict(SOURCE, 5, {})).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(registry.use).not.toHaveBeenCalled();
  });

  it('gives a damaged picture no place in a batch', async () => {
    const { sut, model } = newService({ bytes: PNG.subarray(0, PNG.length - 30) });
    await expect(sut.predict(SOURCE, 5, {})).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(model.infer).not.toHaveBeenCalled();
  });

  it('refuses at once when too many pictures wait to be decoded', async () => {
    const { sut, gate, model } = newService();
    let leave: () => void = () => undefined;
    const busy = gate.run(() => new Promise<void>((resolve) => (leave = resolve)));
    await expect(sut.predict(SOURCE, 5, {})).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(model.infer).not.toHaveBeenCalled();
    leave();
    await busy;
  });

  it('passes on why the model refused the picture', async () => {
    const { sut } = newService({ result: { ok: false, code: 'INTERNAL', message: 'broken' } });
    await expect(sut.predict(SOURCE, 5, {})).rejects.toMatchObject({ code: 'INTERNAL', message: 'broken' });
  });

  it.each([NaN, Infinity])('fails when the model is %d sure', async (confidence) => {
    const value = [
      { index: 0, confidence: 0.5 },
      { index: 1, confidence },
    ];
    await expect(
      newService({ result: { ok: true, value } }).sut.predict(SOURCE, 2, {}),
    ).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining(
        'The model net, version 2, returned numbers that are not finite for the image',
      ),
    });
  });
});
