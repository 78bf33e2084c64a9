import { create, toBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import {
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../onnx/graph/onnx_pb.js';
import { DATA_TYPE } from '../onnx/graph/tensor-data.js';

/** A model with one input `x` and one output `y` of the same type. */
export interface SmallModel {
  readonly nodes: readonly NodeProto[];
  readonly initializers?: readonly TensorProto[];
  /** Names of free dimensions are strings. */
  readonly inputShape: readonly (number | string)[];
  readonly opset?: number;
  /** Number of TensorProto.DataType. Default: float32. */
  readonly elemType?: number;
}

/** The model as bytes of an ONNX file. */
export function onnxModel({
  nodes,
  initializers = [],
  inputShape,
  opset = 17,
  elemType = DATA_TYPE.FLOAT,
}: SmallModel): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    graph: {
      name: 'small',
      node: [...nodes],
      initializer: [...initializers],
      input: [inputValue('x', inputShape, elemType)],
      output: [create(ValueInfoProtoSchema, { name: 'y', type: { tensorType: { elemType } } })],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/** ONNX Runtime's output for `x`. */
export async function runOnnx(
  model: Uint8Array,
  data: Float32Array,
  dims: readonly number[],
): Promise<Float32Array> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const { y } = await session.run({ x: new Tensor('float32', data, dims) });
    return y?.data as Float32Array;
  } finally {
    await session.release();
  }
}

function inputValue(name: string, shape: readonly (number | string)[], elemType: number): ValueInfoProto {
  const dim = shape.map((size) =>
    typeof size === 'number' ? { dimValue: BigInt(size) } : { dimParam: size },
  );
  return create(ValueInfoProtoSchema, {
    name,
    type: { tensorType: { elemType, shape: { dim } } },
  });
}
