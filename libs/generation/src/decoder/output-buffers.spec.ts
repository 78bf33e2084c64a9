import { describe, expect, it } from '@jest/globals';
import { OutputBuffers } from './output-buffers.js';

const create = () =>
  new OutputBuffers({ vocabSize: 10, newNames: ['new.0.key', 'new.0.value'], heads: 2, headSize: 4 });

describe('OutputBuffers', () => {
  it('has a tensor for each output, without overlaps', () => {
    const tensors = create().tensors(3, 5);
    expect(Object.values(tensors).map(({ dims }) => dims)).toEqual([
      [3, 1, 10],
      [3, 2, 5, 4],
      [3, 2, 5, 4],
    ]);
    Object.values(tensors).forEach(({ data }, index) => (data as Float32Array).fill(index + 1));
    expect(Object.values(tensors).map(({ data }) => new Set(data as Float32Array))).toEqual([
      new Set([1]),
      new Set([2]),
      new Set([3]),
    ]);
    expect(Object.values(tensors).map(({ data }) => data.length)).toEqual([30, 120, 120]);
  });

  it('reuses the memory for smaller runs and the tensors for equal ones', () => {
    const sut = create();
    const large = sut.tensors(3, 5);
    const small = sut.tensors(1, 1);
    expect((small.logits?.data as Float32Array).buffer).toBe((large.logits?.data as Float32Array).buffer);
    expect(sut.tensors(1, 1)).toBe(small);
  });
});
