/** Element types of tensors, as ONNX Runtime spells them. */
export type TensorDataType =
  | 'bool'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'string';

/** Elements in row-major order. `bool` is a byte each, `float16` its bits in a Uint16Array. */
export type TensorData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly string[];

/** A tensor: its element type, dims and elements in row-major order. */
export interface Tensor {
  readonly dtype: TensorDataType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** Tensors by the name of the model's input or output. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** An input or output as the model declares it. A dynamic dimension is its symbolic name, or -1 without one. */
export interface TensorMetadata {
  readonly name: string;
  readonly dtype: TensorDataType;
  readonly shape: readonly (number | string)[];
}
