import 'reflect-metadata';
import { readDto } from '@aerie/fields';
import { describe, expect, it } from '@jest/globals';
import { embedRoute } from './embed.route.js';

const inputOf = (body: unknown) => embedRoute.toInput(readDto(embedRoute.dto, body), { maxTexts: 2 });
const withField = (field: string) =>
  expect.objectContaining({ details: [expect.objectContaining({ field })] });

describe('a body of embed', () => {
  it('holds one text or many', () => {
    expect(inputOf({ text: 'a' })).toEqual({ texts: ['a'], truncate: false });
    expect(inputOf({ text: ['a', 'b'], truncate: true })).toEqual({ texts: ['a', 'b'], truncate: true });
  });

  it.each(['', ' ', [], ['a', ' '], [1], null, undefined, 5, {}])('may not hold %j', (text) => {
    expect(() => inputOf({ text })).toThrow(withField('text'));
  });

  it('says which text is blank', () => {
    expect(() => inputOf({ text: ['a', ''] })).toThrow(
      expect.objectContaining({ details: [{ field: 'text', message: 'text.1 must not be blank' }] }),
    );
  });

  it('may not hold more texts than the limit', () => {
    const message = 'text must have at most 2 items (MAX_EMBED_TEXTS), got 3';
    expect(() => inputOf({ text: ['a', 'b', 'c'] })).toThrow(
      expect.objectContaining({ details: [{ field: 'text', message }] }),
    );
  });

  it('is strict about its switch', () => {
    expect(() => inputOf({ text: 'a', truncate: 'yes' })).toThrow(withField('truncate'));
  });
});

describe('the texts of embed', () => {
  it('are one item each', () => {
    const resources = {
      images: { load: () => Promise.reject(new Error()), decode: () => Promise.reject(new Error()) },
    };
    expect(embedRoute.toItems({ texts: ['a', [1, 2]], truncate: 8 }, { maxTokens: 9 }, resources)).toEqual([
      { text: 'a', truncate: 8 },
      { text: [1, 2], truncate: 8 },
    ]);
  });
});

describe('the reply of embed', () => {
  it('has one vector per text and the total of tokens', () => {
    const results = [
      { embedding: Float32Array.of(1, 0), tokens: 3 },
      { embedding: Float32Array.of(0, 1), tokens: 4 },
    ];
    const outcome = {
      results,
      details: { maxTokens: 9 },
      model: 'mini',
      version: '1',
      inferenceTimeMs: 3.61,
    };
    expect(embedRoute.toReply(outcome)).toEqual({
      embeddings: [
        [1, 0],
        [0, 1],
      ],
      dimensions: 2,
      model: 'mini',
      model_version: '1',
      usage: { tokens: 7 },
      inference_time_ms: 3.61,
    });
  });

  it.each([NaN, -Infinity])('cannot hold %d', (value) => {
    expect(embedRoute.isFinite({ embedding: Float32Array.of(1, 0), tokens: 1 })).toBe(true);
    expect(embedRoute.isFinite({ embedding: Float32Array.of(1, value), tokens: 1 })).toBe(false);
  });
});
