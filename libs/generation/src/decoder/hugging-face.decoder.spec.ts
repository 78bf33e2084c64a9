import { describe, expect, it } from '@jest/globals';
import type { InferenceSession, NamedTensors, Tensor, TensorMetadata } from '@aerie/engine';
import { float16ToFloat32 } from './float16.js';
import { HuggingFaceDecoder } from './hugging-face.decoder.js';

const VOCAB = 5;

/** A model whose cache keeps the tokens themselves, and whose logits favor their sum. */
function fakeSession(dtype: 'float32' | 'float16', extraInputs: readonly string[]) {
  const feeds: NamedTensors[] = [];
  const cache = (name: string): TensorMetadata => ({ name, dtype, shape: ['batch', 1, 'past', 1] });
  const arrayOf = (values: readonly number[]) =>
    dtype === 'float16' ? Uint16Array.from(values) : Float32Array.from(values);
  const session: InferenceSession = {
    inputs: [
      ...['input_ids', ...extraInputs].map((name): TensorMetadata => ({
        name,
        dtype: 'int64',
        shape: ['batch', 'sequence'],
      })),
      cache('past_key_values.0.key'),
      cache('past_key_values.0.value'),
    ],
    outputs: [
      { name: 'logits', dtype, shape: ['batch', 'sequence', VOCAB] },
      cache('present.0.key'),
      cache('present.0.value'),
    ],
    provider: 'cpu',
    handles: null,
    handOver: () => undefined,
    run: async (given) => {
      feeds.push(given);
      const past = [...(given['past_key_values.0.key']?.data as ArrayLike<number> & Iterable<number>)];
      const tokens = [...(given.input_ids?.data as BigInt64Array)].map(Number);
      const all = [...past, ...tokens];
      const sum = all.reduce((total, token) => total + token, 0) % VOCAB;
      const one = dtype === 'float16' ? 0x3c00 : 1;
      const logits = tokens.flatMap((_, place) =>
        Array.from({ length: VOCAB }, (__, id) => (place === tokens.length - 1 && id === sum ? one : 0)),
      );
      const present: Tensor = { dtype, dims: [1, 1, all.length, 1], data: arrayOf(all) };
      return {
        logits: { dtype, dims: [1, tokens.length, VOCAB], data: arrayOf(logits) },
        'present.0.key': present,
        'present.0.value': present,
      };
    },
    release: async () => undefined,
  };
  return { session, feeds };
}

describe('HuggingFaceDecoder', () => {
  it.each(['float32', 'float16'] as const)('feeds %s caches back, row by row', async (dtype) => {
    const { session } = fakeSession(dtype, []);
    expect(HuggingFaceDecoder.fits(session)).toBe(true);
    const sut = new HuggingFaceDecoder(session, 2);
    expect([...(await sut.prefill(0, [1, 2]))]).toEqual([0, 0, 0, 1, 0]);
    await sut.prefill(1, [4]);
    expect([...(await sut.decode({ tokens: [1, 3], reproducible: true }))]).toEqual([
      0, 0, 0, 0, 1, 0, 0, 1, 0, 0,
    ]);
    expect([...sut.lengths]).toEqual([3, 2]);
  });

  it('passes mask and positions only to models that need them', async () => {
    const wanting = fakeSession('float32', ['attention_mask', 'position_ids']);
    const sut = new HuggingFaceDecoder(wanting.session, 1);
    await sut.prefill(0, [1, 2]);
    await sut.decode({ tokens: [3], reproducible: true });
    expect(wanting.feeds[1]).toMatchObject({
      attention_mask: { dims: [1, 3], data: BigInt64Array.of(1n, 1n, 1n) },
      position_ids: { dims: [1, 1], data: BigInt64Array.of(2n) },
    });
    const plain = fakeSession('float32', []);
    await new HuggingFaceDecoder(plain.session, 1).prefill(0, [1]);
    expect(Object.keys(plain.feeds[0] ?? {}).sort()).toEqual([
      'input_ids',
      'past_key_values.0.key',
      'past_key_values.0.value',
    ]);
  });

  it('copies and swaps rows, which are independent afterwards', async () => {
    const sut = new HuggingFaceDecoder(fakeSession('float32', []).session, 3);
    await sut.prefill(0, [1, 1]);
    await sut.prefill(1, [3]);
    sut.copyRow(0, 2);
    sut.swapRows(0, 1);
    expect([...sut.lengths]).toEqual([1, 2, 2]);
    const logits = await sut.decode({ tokens: [0, 0, 1], reproducible: true });
    expect([0, 1, 2].map((row) => logits.subarray(row * VOCAB, (row + 1) * VOCAB).indexOf(1))).toEqual([
      3, 2, 3,
    ]);
  });
});

describe('float16ToFloat32', () => {
  it('reads normal, subnormal and special values', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00, 0xfc00, 0x7e00);
    expect([...float16ToFloat32(bits)]).toEqual([1, -2, 65504, 2 ** -24, -0, Infinity, -Infinity, NaN]);
  });
});
