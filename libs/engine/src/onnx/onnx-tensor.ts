import { Tensor as OrtTensor } from 'onnxruntime-node';
import type { InferenceSession as OrtSession } from 'onnxruntime-node';
import type { NamedTensors, Tensor, TensorData, TensorDataType, TensorMetadata } from '../tensor.js';

const DATA_TYPES: ReadonlySet<string> = new Set<TensorDataType>([
  'bool',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'uint64',
  'int64',
  'float16',
  'float32',
  'float64',
  'string',
]);

/** Converts inputs for ONNX Runtime. Elements are shared, not copied. */
export function toOrtFeeds(feeds: NamedTensors): Record<string, OrtTensor> {
  const ortFeeds: Record<string, OrtTensor> = {};
  for (const name in feeds) {
    const tensor = feeds[name];
    if (tensor !== undefined) ortFeeds[name] = toOrtTensor(tensor);
  }
  return ortFeeds;
}

/** Converts outputs for kernels. Elements are shared, not copied. */
export function fromOrtOutputs(outputs: OrtSession.OnnxValueMapType): NamedTensors {
  const tensors: Record<string, Tensor> = {};
  for (const name in outputs) {
    const value = outputs[name];
    if (value !== undefined) tensors[name] = fromOrtTensor(name, value);
  }
  return tensors;
}

/** The tensors among a model's inputs or outputs, without sequences and maps, which scikit-learn exports. */
export function tensorMetadata(declared: readonly OrtSession.ValueMetadata[]): readonly TensorMetadata[] {
  return declared.flatMap((value) =>
    value.isTensor
      ? [
          {
            name: value.name,
            dtype: dataTypeOf(value.name, value.type),
            shape: value.shape.map((dim) => (dim === '' ? -1 : dim)),
          },
        ]
      : [],
  );
}

export function toOrtTensor({ dtype, data, dims }: Tensor): OrtTensor {
  // The constructor checks that the array fits the type and the dims; a union cannot select one of its overloads.
  const create = OrtTensor as unknown as new (
    type: string,
    data: TensorData,
    dims: readonly number[],
  ) => OrtTensor;
  const tensor = new create(dtype, data, dims);
  // Where JavaScript has Float16Array, the constructor makes one, which the binding takes for empty.
  return dtype === 'float16' ? Object.assign(tensor, { cpuData: data }) : tensor;
}

export function fromOrtTensor(name: string, { type, dims, data }: OrtTensor): Tensor {
  const dtype = dataTypeOf(name, type);
  return { dtype, dims, data: dtype === 'float16' ? float16Bits(data) : data };
}

/** ONNX Runtime returns a Float16Array if the JavaScript runtime has it; kernels always get the bits. */
function float16Bits(data: OrtTensor.DataType): Uint16Array {
  if (data instanceof Uint16Array) return data;
  const { buffer, byteOffset, byteLength } = data as unknown as ArrayBufferView<ArrayBuffer>;
  return new Uint16Array(buffer, byteOffset, byteLength / 2);
}

function dataTypeOf(name: string, type: string): TensorDataType {
  if (!DATA_TYPES.has(type))
    throw new Error(`Tensor "${name}" has elements of type ${type}, which is not supported.`);
  return type as TensorDataType;
}
