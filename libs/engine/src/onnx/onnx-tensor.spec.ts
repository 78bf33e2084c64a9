import { Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, it } from '@jest/globals';
import type { Tensor } from '../tensor.js';
import { fromOrtTensor, tensorMetadata, toOrtTensor } from './onnx-tensor.js';

const tensors: readonly Tensor[] = [
  { dtype: 'bool', dims: [2], data: new Uint8Array([1, 0]) },
  { dtype: 'uint8', dims: [1], data: new Uint8Array([7]) },
  { dtype: 'int8', dims: [1], data: new Int8Array([-7]) },
  { dtype: 'uint16', dims: [1], data: new Uint16Array([7]) },
  { dtype: 'int16', dims: [1], data: new Int16Array([-7]) },
  { dtype: 'uint32', dims: [1], data: new Uint32Array([7]) },
  { dtype: 'int32', dims: [1], data: new Int32Array([-7]) },
  { dtype: 'uint64', dims: [1], data: new BigUint64Array([2n ** 63n]) },
  { dtype: 'int64', dims: [1, 1], data: new BigInt64Array([-7n]) },
  { dtype: 'float16', dims: [2], data: new Uint16Array([0x3c00, 0xc000]) },
  { dtype: 'float32', dims: [1, 2], data: new Float32Array([0.5, -1]) },
  { dtype: 'float64', dims: [1], data: new Float64Array([0.1]) },
  { dtype: 'string', dims: [2], data: ['a', 'é'] },
];

describe('a tensor of ONNX Runtime', () => {
  it.each(tensors)('is one of $dtype and back', (tensor) => {
    const back = fromOrtTensor('x', toOrtTensor(tensor));
    expect(back).toEqual(tensor);
  });

  it.each(tensors.filter(({ dtype }) => dtype !== 'string'))('shares the memory of $dtype', (tensor) => {
    const back = fromOrtTensor('x', toOrtTensor(tensor));
    expect((back.data as Uint8Array).buffer).toBe((tensor.data as Uint8Array).buffer);
  });

  it('is refused when the elements do not fit the dims', () => {
    expect(() => toOrtTensor({ dtype: 'float32', dims: [3], data: new Float32Array(2) })).toThrow(
      'does not match',
    );
  });

  it('is refused when its type is not supported', () => {
    const packed = new OrtTensor('uint4', new Uint8Array(1), [2]);
    expect(() => fromOrtTensor('x', packed)).toThrow('Tensor "x" has elements of type uint4');
  });
});

describe('metadata of a model', () => {
  it('names dynamic dimensions, uses -1 for nameless ones, and omits values that are not tensors', () => {
    expect(
      tensorMetadata([
        { name: 'x', isTensor: true, type: 'float32', shape: ['batch', '', 3] },
        { name: 'map', isTensor: false },
      ]),
    ).toEqual([{ name: 'x', dtype: 'float32', shape: ['batch', -1, 3] }]);
  });
});
