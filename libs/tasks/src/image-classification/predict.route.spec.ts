import 'reflect-metadata';
import { readDto } from '@aerie/fields';
import { refusedFields } from '@aerie/test-support';
import { describe, expect, it, jest } from '@jest/globals';
import type { CallerImages } from '../route-resources.js';
import { predictRoute } from './predict.route.js';
import type { ClassificationDetails } from './types.js';

const LIMITS = { maxTexts: 1 };
const URL_SOURCE = { kind: 'url', url: 'https://img.test/a.png' } as const;
const BYTES = Uint8Array.of(1, 2, 3);
const DETAILS: ClassificationDetails = {
  labels: ['dog', 'cat'],
  geometry: { width: 4, height: 2, crop: 1, resample: 'bicubic', background: [255, 255, 255] },
};

const inputOf = (body: unknown) => predictRoute.toInput(readDto(predictRoute.dto, body), LIMITS);

function newImages() {
  const images = {
    load: jest.fn<CallerImages['load']>().mockResolvedValue(BYTES),
    decode: jest
      .fn<CallerImages['decode']>()
      .mockResolvedValue({ pixels: new Uint8Array(24), orientation: 1 }),
  };
  return { images };
}

describe('a body of predict', () => {
  it('names an image by its address and requests five labels', () => {
    expect(inputOf({ image_url: ' https://img.test/a.png ' })).toEqual({ source: URL_SOURCE, topK: 5 });
  });

  it('may contain the image itself', () => {
    const url = 'data:image/png;base64,AA==';
    expect(inputOf({ image_url: url, top_k: 100 })).toEqual({ source: { kind: 'url', url }, topK: 100 });
  });

  it.each([0, 101, -1, 1.5, 'x', '', ' ', true, null, [3], {}, '1e400'])(
    'may not ask for %j labels',
    (top_k) => {
      expect(refusedFields(() => inputOf({ image_url: 'https://img.test/', top_k }))).toEqual(['top_k']);
    },
  );

  it.each(['', '  ', 'cat.jpg', 7, null, undefined, ['https://img.test/']])(
    'has no use for the address %j',
    (image_url) => {
      expect(refusedFields(() => inputOf({ image_url }))).toEqual(['image_url']);
    },
  );

  it('may not have unknown fields', () => {
    expect(refusedFields(() => inputOf({ image_url: 'https://img.test/', topk: 3 }))).toEqual(['topk']);
  });

  it('names every invalid field once', () => {
    expect(refusedFields(() => inputOf({ top_k: 0 }))).toEqual(['image_url', 'top_k']);
  });
});

describe('a form of predict', () => {
  it('is equivalent to the JSON body that a job stores', () => {
    const form = predictRoute.upload;
    const fields = { top_k: 3 };
    expect(form?.toInput(fields, BYTES)).toEqual({ source: { kind: 'bytes', bytes: BYTES }, topK: 3 });
    expect(inputOf(form?.toBody(fields, BYTES))).toEqual({
      source: { kind: 'url', url: 'data:image/jpeg;base64,AQID' },
      topK: 3,
    });
  });
});

describe('the image of predict', () => {
  it('is fetched, then decoded to the size of the model', async () => {
    const resources = newImages();
    const { signal } = new AbortController();
    const input = await predictRoute.fetch?.({ source: URL_SOURCE, topK: 2 }, resources, signal);
    expect(resources.images.load).toHaveBeenCalledWith(URL_SOURCE, signal);
    expect(input).toEqual({ source: { kind: 'bytes', bytes: BYTES }, topK: 2 });
    const items = await predictRoute.toItems(
      input ?? { source: URL_SOURCE, topK: 0 },
      DETAILS,
      resources,
      signal,
    );
    expect(resources.images.decode).toHaveBeenCalledWith(BYTES, DETAILS.geometry, signal);
    expect(items).toEqual([{ pixels: new Uint8Array(24), orientation: 1, topK: 2 }]);
  });

  it('is not decoded before it is fetched', async () => {
    const items = predictRoute.toItems({ source: URL_SOURCE, topK: 2 }, DETAILS, newImages());
    await expect(items).rejects.toThrow('This is a bug');
  });
});

describe('the reply of predict', () => {
  const replyOf = (labels: readonly string[] | null) =>
    predictRoute.toReply({
      results: [
        [
          { index: 1, confidence: 1.0000001 },
          { index: 2, confidence: -0 },
        ],
      ],
      details: { ...DETAILS, labels },
      model: 'net',
      version: '2',
      inferenceTimeMs: 11.5,
    });

  it('has labels and probabilities within 0..1', () => {
    expect(replyOf(['dog', 'cat'])).toEqual({
      predictions: [
        { label: 'cat', confidence: 1 },
        { label: '2', confidence: 0 },
      ],
      model_version: '2',
      inference_time_ms: 11.5,
    });
  });

  it('names classes by their number when the model has no labels', () => {
    expect(replyOf(null).predictions.map(({ label }) => label)).toEqual(['1', '2']);
  });

  it.each([NaN, Infinity])('cannot contain a confidence of %d', (confidence) => {
    expect(predictRoute.isFinite([{ index: 0, confidence: 0.5 }])).toBe(true);
    expect(
      predictRoute.isFinite([
        { index: 0, confidence: 0.5 },
        { index: 1, confidence },
      ]),
    ).toBe(false);
  });
});
