import { AerieError } from '@aerie/contracts';
import type { InferenceSession, NamedTensors } from '@aerie/engine';
import { describe, expect, it } from '@jest/globals';
import { createKernel } from './classification.kernel.js';
import { classificationOptionsSchema } from './classification.options.js';
import { imageClassificationTask } from './classification.task.js';
import type { ClassificationItem } from './types.js';

const SESSION: InferenceSession = {
  inputs: [{ name: 'image', dtype: 'float32', shape: ['batch', 3, 2, 2] }],
  outputs: [{ name: 'scores', dtype: 'float32', shape: ['batch', 3] }],
  provider: 'cpu',
  handles: null,
  handOver: () => undefined,
  run: () => Promise.reject(new Error('A kernel never runs the session.')),
  release: () => Promise.resolve(),
};

const OPTIONS = classificationOptionsSchema.parse({
  image: { width: 2, height: 2, mean: [0, 0, 0], std: [1, 1, 1] },
});

const kernel = (options = OPTIONS, session = SESSION, labelCount: number | null = null) =>
  createKernel({ session, options: { ...options, labelCount } });
const item = (value: number, topK = 1): ClassificationItem => ({
  pixels: new Uint8Array(12).fill(value),
  orientation: 1,
  topK,
});
const scores = (...data: readonly number[]): NamedTensors => ({
  scores: { dtype: 'float32', dims: [data.length / 3, 3], data: Float32Array.from(data) },
});

describe('a batch of images', () => {
  it('becomes one tensor, image by image', async () => {
    const { feeds } = (await kernel()).prepare([item(1), item(2)]);
    expect(feeds).toEqual({
      image: {
        dtype: 'float32',
        dims: [2, 3, 2, 2],
        data: Float32Array.from([...new Array<number>(12).fill(1), ...new Array<number>(12).fill(2)]),
      },
    });
  });

  it('reuses the memory of the previous one if both have the same size', async () => {
    const { prepare } = await kernel();
    const before = prepare([item(1), item(2)]).feeds?.image?.data;
    expect(prepare([item(3)]).feeds?.image?.data).not.toBe(before);
    const after = prepare([item(4), item(5)]).feeds?.image?.data;
    expect(after).toBe(before);
    expect(after).toEqual(
      Float32Array.from([...new Array<number>(12).fill(4), ...new Array<number>(12).fill(5)]),
    );
  });

  it('has its channels last if the model requires it', async () => {
    const options = { ...OPTIONS, image: { ...OPTIONS.image, height: 1, layout: 'nhwc' as const } };
    const { feeds } = (await kernel(options)).prepare([
      { ...item(0), pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    ]);
    expect(feeds?.image).toMatchObject({ dims: [1, 1, 2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  });

  it('gets for each image as many classes as its caller requested', async () => {
    const { prepare, finish } = await kernel();
    const { state } = prepare([item(1, 1), item(2, 5)]);
    const { results } = finish(scores(0.25, 0.5, 0.125, 1, 0, 0.5), state);
    expect(results).toEqual([
      { ok: true, value: [{ index: 1, confidence: 0.5 }] },
      {
        ok: true,
        value: [
          { index: 0, confidence: 1 },
          { index: 2, confidence: 0.5 },
          { index: 1, confidence: 0 },
        ],
      },
    ]);
  });

  it('gets probabilities from logits, image by image', async () => {
    const { prepare, finish } = await kernel({ ...OPTIONS, activation: 'softmax' });
    const { state } = prepare([item(1), item(2)]);
    const { results } = finish(scores(0, 0, 0, 100, 0, 0), state);
    const first = results.map((result) => (result.ok ? result.value[0]?.confidence : undefined));
    expect(first[0]).toBeCloseTo(1 / 3);
    expect(first[1]).toBeCloseTo(1);
  });

  it('fails if the model returns another type', async () => {
    const { prepare, finish } = await kernel();
    const outputs: NamedTensors = { scores: { dtype: 'int8', dims: [1, 3], data: new Int8Array(3) } };
    expect(() => finish(outputs, prepare([item(1)]).state)).toThrow('"scores" is not float32');
  });
});

it('a model without inputs is not a classifier', () => {
  expect(() => kernel(OPTIONS, { ...SESSION, inputs: [] })).toThrow('The model has no input.');
});

describe('a manifest for classification', () => {
  const files = (text: string) => ({
    path: () => Promise.reject(new Error('not asked for')),
    has: () => Promise.resolve(false),
    readText: (name: string) => Promise.resolve(name === 'labels.txt' ? text : 'another file'),
  });

  it('has a default for everything', () => {
    expect(classificationOptionsSchema.parse(undefined)).toEqual({
      image: {
        width: 224,
        height: 224,
        crop: 0.875,
        resample: 'bicubic',
        mean: [123.675, 116.28, 103.53],
        std: [58.395, 57.12, 57.375],
        channels: 'rgb',
        layout: 'nchw',
        background: [255, 255, 255],
      },
      activation: 'none',
    });
  });

  it('names the background of transparent pixels in digits or numbers', () => {
    const background = (value: unknown) =>
      classificationOptionsSchema.safeParse({ image: { background: value } }).data?.image.background;
    expect(background('#00Ff80')).toEqual([0, 255, 128]);
    expect(background([1, 2, 3])).toEqual([1, 2, 3]);
    for (const wrong of ['white', '#fff', [0, 0, 256], [0, 0], 0]) expect(background(wrong)).toBeUndefined();
  });

  it('cannot divide by zero', () => {
    expect(classificationOptionsSchema.safeParse({ image: { std: [1, 0, 1] } }).success).toBe(false);
  });

  it('names labels in a file, one per line', async () => {
    const options = classificationOptionsSchema.parse({ labels: 'labels.txt' });
    const { details } = await imageClassificationTask.prepare(options, files('cat\r\nsea lion\r\ndog\r\n'));
    expect(details.labels).toEqual(['cat', 'sea lion', 'dog']);
  });

  it('accepts a model with as many classes as labels, and otherwise names both numbers', async () => {
    const withOutput = (...shape: readonly (number | string)[]) =>
      kernel(OPTIONS, { ...SESSION, outputs: [{ name: 'scores', dtype: 'float32', shape }] }, 2);
    await withOutput('batch', 2);
    const misfit = new AerieError(
      'MODEL_NOT_LOADED',
      "the model's output has 3 classes, but there are 2 labels",
    );
    await expect(async () => withOutput('batch', 3)).rejects.toThrow(misfit);
    for (const free of ['classes', -1]) {
      // Known only from the trial run.
      const { prepare, finish } = await withOutput('batch', free);
      expect(() => finish(scores(1, 2, 3), prepare([item(1)]).state)).toThrow(misfit);
    }
  });

  it('keeps a class without a name in its place', async () => {
    const options = classificationOptionsSchema.parse({ labels: 'labels.txt' });
    const { details } = await imageClassificationTask.prepare(options, files('cat\n\ndog'));
    expect(details.labels).toEqual(['cat', '', 'dog']);
  });

  it('names labels itself, or none', async () => {
    const prepare = async (manifest: object) =>
      (await imageClassificationTask.prepare(classificationOptionsSchema.parse(manifest), files(''))).details
        .labels;
    expect(await prepare({ labels: ['a', 'b'] })).toEqual(['a', 'b']);
    expect(await prepare({})).toBeNull();
  });

  it('is tried with an image of its size', async () => {
    const options = classificationOptionsSchema.parse({ image: { width: 2, height: 2 } });
    const { trialItems, details } = await imageClassificationTask.prepare(options, files(''));
    expect((await kernel()).prepare(trialItems).feeds?.image?.dims).toEqual([1, 3, 2, 2]);
    expect(details.geometry).toEqual({
      width: 2,
      height: 2,
      crop: 0.875,
      resample: 'bicubic',
      background: [255, 255, 255],
    });
  });
});
