import type { Tensor } from '@aerie/engine';
import { describe, expect, it } from '@jest/globals';
import { pool } from './pooling.js';

/** Two rows of three tokens with two dimensions; the second row has one token and padding. */
const OUTPUT: Tensor = {
  dtype: 'float32',
  dims: [2, 3, 2],
  data: Float32Array.of(1, 2, 3, 4, 5, 12, 3, 4, 900, 900, 900, 900),
};
const TOKENS = [3, 1];

const vectors = (output: Tensor, pooling: 'mean' | 'cls', normalize: boolean): number[][] =>
  pool(output, TOKENS, { pooling, normalize }).map((vector) => [...vector]);

describe('the vector of a text', () => {
  it('is the mean over its tokens, without padding', () => {
    expect(vectors(OUTPUT, 'mean', false)).toEqual([
      [3, 6],
      [3, 4],
    ]);
  });

  it('is that of its first token with cls', () => {
    expect(vectors(OUTPUT, 'cls', false)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('has the length 1 where it is normalized', () => {
    const [first, second] = pool(OUTPUT, TOKENS, { pooling: 'mean', normalize: true });
    expect(Math.hypot(...(first as Float32Array))).toBeCloseTo(1, 6);
    expect((first as Float32Array)[1]).toBeCloseTo(2 / Math.sqrt(5), 6);
    expect([...(second as Float32Array)]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  });

  it.each(['mean', 'cls'] as const)("is the model's own output if the model pools (%s)", (pooling) => {
    const output: Tensor = { dtype: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    expect(vectors(output, pooling, false)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('of nothing but zeros stays zero', () => {
    const output: Tensor = { dtype: 'float32', dims: [2, 3, 2], data: new Float32Array(12) };
    expect(vectors(output, 'mean', true)[0]).toEqual([0, 0]);
  });

  it('has a separate buffer, which can be transferred to a thread', () => {
    for (const vector of pool(OUTPUT, TOKENS, { pooling: 'mean', normalize: true })) {
      expect(vector.buffer.byteLength).toBe(vector.byteLength);
    }
  });

  it('is only made of floats', () => {
    const output: Tensor = { dtype: 'int8', dims: [1, 1], data: new Int8Array(1) };
    expect(() => pool(output, [1], { pooling: 'mean', normalize: true })).toThrow('is int8, not float32');
  });
});
