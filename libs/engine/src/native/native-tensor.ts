import koffi from 'koffi';
import type { Tensor, TensorData, TensorDataType } from '../tensor.js';
import type { Address, OrtApi } from './ort-api.js';

type NumericArray = Exclude<TensorData, readonly string[]>;
type NumericArrayConstructor = new (buffer: ArrayBuffer) => NumericArray;

/** Each element type's number in ONNXTensorElementDataType, and the array that holds its elements. */
const TYPES: Readonly<Record<TensorDataType, readonly [number, NumericArrayConstructor | null]>> = {
  float32: [1, Float32Array],
  uint8: [2, Uint8Array],
  int8: [3, Int8Array],
  uint16: [4, Uint16Array],
  int16: [5, Int16Array],
  int32: [6, Int32Array],
  int64: [7, BigInt64Array],
  string: [8, null],
  bool: [9, Uint8Array],
  float16: [10, Uint16Array],
  float64: [11, Float64Array],
  uint32: [12, Uint32Array],
  uint64: [13, BigUint64Array],
};

const BY_NUMBER: ReadonlyMap<number, TensorDataType> = new Map(
  Object.entries(TYPES).map(([dtype, [number]]) => [number, dtype as TensorDataType]),
);

/** The element type of a number of ONNXTensorElementDataType. @throws Error for types that tensors here cannot have. */
function dataTypeOf(name: string, number: number): TensorDataType {
  const dtype = BY_NUMBER.get(number);
  if (dtype === undefined)
    throw new Error(`Tensor "${name}" has elements of ONNX type ${String(number)}, which is not supported.`);
  return dtype;
}

/** Converts tensors to values of ONNX Runtime and back. One serves a whole thread. */
export class NativeTensors {
  readonly #api: OrtApi;
  readonly #cpuMemory: Address;
  /** The default allocator. */
  readonly allocator: Address;
  readonly #int = new Int32Array(1);

  constructor(api: OrtApi) {
    this.#api = api;
    this.#cpuMemory = api.get('createCpuMemoryInfo', 0, 0);
    this.allocator = api.get('getAllocatorWithDefaultOptions');
  }

  /**
   * A value over the tensor's own elements, without a copy; strings are copied. The caller keeps the tensor for as long
   * as the value, and releases the value.
   */
  create(name: string, { dtype, dims, data }: Tensor): Address {
    const [number, ArrayType] = TYPES[dtype];
    const count = elementCount(dims);
    if (data.length !== count) {
      throw new Error(
        `Tensor "${name}" has ${String(data.length)} elements, but its shape [${dims.join(', ')}] has ${String(count)}.`,
      );
    }
    const shape = BigInt64Array.from(dims, BigInt);
    if (ArrayType === null) return this.#createStrings(shape, data as readonly string[]);
    if (!(data instanceof ArrayType)) {
      throw new Error(`The elements of tensor "${name}" (${dtype}) are in ${data.constructor.name}.`);
    }
    return this.#api.get(
      'createTensorWithDataAsOrtValue',
      this.#cpuMemory,
      count === 0 ? EMPTY : bytesOf(data),
      data.byteLength,
      shape,
      shape.length,
      number,
    );
  }

  /** A copy of a value's elements. */
  read(name: string, value: Address): Tensor {
    this.#api.call('getValueType', value, this.#int);
    if (this.#int[0] !== ONNX_TYPE_TENSOR) throw new Error(`Output "${name}" of the model is not a tensor.`);
    const info = this.#api.get('getTensorTypeAndShape', value);
    try {
      const { dtype, shape: dims } = this.describe(name, info);
      const count = elementCount(dims);
      const [, ArrayType] = TYPES[dtype];
      if (ArrayType === null) return { dtype, dims, data: this.#readStrings(value, count) };
      if (count === 0) return { dtype, dims, data: new ArrayType(new ArrayBuffer(0)) };
      const address = this.#api.get('getTensorMutableData', value);
      const bytes =
        count * (ArrayType as unknown as { readonly BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
      return { dtype, dims, data: new ArrayType(koffi.view(address, bytes).slice(0)) };
    } finally {
      this.#api.release('releaseTensorTypeAndShapeInfo', info);
    }
  }

  /** Element type and dimensions of an OrtTensorTypeAndShapeInfo; free dimensions are -1. */
  describe(
    name: string,
    info: Address,
  ): { readonly dtype: TensorDataType; readonly shape: readonly number[] } {
    this.#api.call('getTensorElementType', info, this.#int);
    const dtype = dataTypeOf(name, this.#int[0] ?? 0);
    const shape = new BigInt64Array(Number(this.#api.get('getDimensionsCount', info)));
    if (shape.length > 0) this.#api.call('getDimensions', info, shape, shape.length);
    return { dtype, shape: Array.from(shape, Number) };
  }

  #createStrings(shape: BigInt64Array, strings: readonly string[]): Address {
    const value = this.#api.get(
      'createTensorAsOrtValue',
      this.allocator,
      shape,
      shape.length,
      TYPES.string[0],
    );
    try {
      if (strings.length > 0) this.#api.call('fillStringTensor', value, strings, strings.length);
      return value;
    } catch (error) {
      this.#api.release('releaseValue', value);
      throw error;
    }
  }

  #readStrings(value: Address, count: number): readonly string[] {
    if (count === 0) return [];
    const bytes = Buffer.alloc(Number(this.#api.get('getStringTensorDataLength', value)));
    const starts = new BigUint64Array(count);
    this.#api.call('getStringTensorContent', value, bytes, bytes.length, starts, count);
    return Array.from(starts, (start, i) =>
      bytes.toString('utf8', Number(start), i + 1 < count ? Number(starts[i + 1]) : bytes.length),
    );
  }
}

function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The elements where they stay: V8 moves those of small arrays until their buffer is asked for. */
function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** ONNX_TYPE_TENSOR of ONNXType. */
export const ONNX_TYPE_TENSOR = 1;

/** ONNX Runtime refuses a null address, also for no elements. */
const EMPTY = new Uint8Array(128);
