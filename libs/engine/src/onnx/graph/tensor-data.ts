import { create } from '@bufbuild/protobuf';
import { type TensorProto, TensorProtoSchema } from './onnx_pb.js';

/** Numbers of TensorProto.DataType. */
export const DATA_TYPE = { FLOAT: 1, UINT8: 2, INT8: 3, INT64: 7 } as const;

/** Elements of an int8 initializer, row by row; null if it has another type. */
export function int8Data(tensor: TensorProto | undefined): Int8Array | null {
  if (tensor?.dataType !== DATA_TYPE.INT8) return null;
  const { rawData } = tensor;
  return rawData.length === 0
    ? Int8Array.from(tensor.int32Data)
    : new Int8Array(rawData.buffer, rawData.byteOffset, rawData.byteLength);
}

/** Elements of a float32 initializer; null if it has another type. */
export function float32Data(tensor: TensorProto | undefined): Float32Array | null {
  if (tensor?.dataType !== DATA_TYPE.FLOAT) return null;
  // Copied, because the file's bytes may not be aligned to 4. ONNX is little-endian, like this machine.
  return tensor.rawData.length === 0
    ? Float32Array.from(tensor.floatData)
    : new Float32Array(tensor.rawData.slice().buffer);
}

/** The element of a float32 scalar, with any number of dimensions of 1; null if it is not a scalar. */
export function float32Scalar(tensor: TensorProto | undefined): number | null {
  const data = float32Data(tensor);
  return data?.length === 1 ? (data[0] ?? null) : null;
}

/** A float32 initializer; without dims a scalar. */
export function float32Tensor(
  name: string,
  data: readonly number[] | Float32Array,
  dims: number[],
): TensorProto {
  return newTensor(name, DATA_TYPE.FLOAT, new Uint8Array(Float32Array.from(data).buffer), dims);
}

/** A uint8 initializer. */
export function uint8Tensor(name: string, data: Uint8Array<ArrayBuffer>, dims: number[]): TensorProto {
  return newTensor(name, DATA_TYPE.UINT8, data, dims);
}

/** A scalar of type uint8. */
export function uint8Scalar(name: string, value: number): TensorProto {
  return uint8Tensor(name, Uint8Array.of(value), []);
}

/** An int64 initializer of one dimension. */
export function int64Tensor(name: string, data: readonly number[]): TensorProto {
  const bytes = new Uint8Array(BigInt64Array.from(data, (value) => BigInt(value)).buffer);
  return newTensor(name, DATA_TYPE.INT64, bytes, [data.length]);
}

function newTensor(
  name: string,
  dataType: number,
  rawData: Uint8Array<ArrayBuffer>,
  dims: readonly number[],
): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType,
    dims: dims.map(BigInt),
    rawData,
  });
}
