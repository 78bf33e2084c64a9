import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { onnxModel, runOnnx } from '../../testing/onnx-models.js';
import { newNode } from './model-graph.js';
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  TensorProto_DataLocation as DataLocation,
} from './onnx_pb.js';
import { optimizeGraph } from './optimize-graph.js';
import { float32Tensor, int64Tensor } from './tensor-data.js';

const EXACT = { dynamicQuantization: false, unsignedWeights: false };
const opsOf = (model: Uint8Array | null): readonly string[] =>
  fromBinary(ModelProtoSchema, model ?? new Uint8Array()).graph?.node.map(({ opType }) => opType) ?? [];

/** A Pad as exporters write it, with its optional value empty, before an AveragePool. */
function padModel(thirdInput: readonly string[]): Uint8Array {
  return onnxModel({
    nodes: [
      newNode({ op: 'Pad', inputs: ['x', 'pads', ...thirdInput], output: 'padded' }),
      newNode({ op: 'AveragePool', inputs: ['padded'], output: 'y', ints: { kernel_shape: [2, 2] } }),
    ],
    initializers: [int64Tensor('pads', [0, 0, 0, 0, 0, 0, 1, 1])],
    inputShape: [1, 1, 2, 2],
  });
}

/** x * (0.5 * (1 + erf(x / sqrt(2)))), the way PyTorch exports it; `factor` is the value multiplied with at the end. */
function geluModel(factor: string, root = Math.SQRT2): Uint8Array {
  return onnxModel({
    nodes: [
      newNode({ op: 'Div', inputs: ['x', 'root'], output: 'scaled' }),
      newNode({ op: 'Erf', inputs: ['scaled'], output: 'erf' }),
      newNode({ op: 'Add', inputs: ['erf', 'one'], output: 'sum' }),
      newNode({ op: 'Mul', inputs: ['half', 'sum'], output: 'halved' }),
      newNode({ op: 'Mul', inputs: [factor, 'halved'], output: 'y' }),
    ],
    initializers: [
      float32Tensor('root', [root], []),
      float32Tensor('one', [1], []),
      float32Tensor('half', [0.5], []),
    ],
    inputShape: ['n'],
  });
}

describe('a graph', () => {
  it('loses empty inputs at the end of a node, and computes the same', async () => {
    const model = padModel(['']);
    const rewritten = optimizeGraph(model, EXACT);
    const pad = fromBinary(ModelProtoSchema, rewritten ?? model).graph?.node[0];
    expect(pad?.input).toEqual(['x', 'pads']);
    const x = Float32Array.of(1, 2, 3, 4);
    const expected = await runOnnx(model, x, [1, 1, 2, 2]);
    expect(await runOnnx(rewritten ?? model, x, [1, 1, 2, 2])).toEqual(expected);
  });

  it('keeps empty inputs that are followed by others', () => {
    const clip: NodeProto = newNode({ op: 'Clip', inputs: ['x', '', 'max', ''], output: 'y' });
    const model = onnxModel({
      nodes: [clip],
      initializers: [float32Tensor('max', [1], [])],
      inputShape: ['n'],
    });
    const rewritten = fromBinary(ModelProtoSchema, optimizeGraph(model, EXACT) ?? model);
    expect(rewritten.graph?.node[0]?.input).toEqual(['x', '', 'max']);
  });

  it("has one operator for PyTorch's Gelu, with the same results", async () => {
    const model = geluModel('x');
    const rewritten = optimizeGraph(model, EXACT);
    expect(opsOf(rewritten)).toEqual(['Gelu']);
    const x = Float32Array.of(-3, -0.5, 0, 0.5, 3);
    const [expected, actual] = [await runOnnx(model, x, [5]), await runOnnx(rewritten ?? model, x, [5])];
    for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, 6);
  });

  it.each([
    ['another value is multiplied with at the end', geluModel('scaled')],
    ['the root is not that of 2', geluModel('x', 1.5)],
  ])('is left alone when %s', (_, model) => {
    expect(optimizeGraph(model, EXACT)).toBeNull();
  });

  it('is left alone when there is nothing to rewrite', () => {
    expect(optimizeGraph(padModel([]), EXACT)).toBeNull();
  });

  it('is left alone when weights are in other files', () => {
    const model = fromBinary(ModelProtoSchema, padModel(['']));
    const [pads] = model.graph?.initializer ?? [];
    if (pads !== undefined) pads.dataLocation = DataLocation.EXTERNAL;
    expect(optimizeGraph(toBinary(ModelProtoSchema, model), EXACT)).toBeNull();
  });

  it('is left alone when nodes contain graphs, which may use any value', () => {
    const model = fromBinary(ModelProtoSchema, padModel(['']));
    const body = create(AttributeProtoSchema, { name: 'body', g: create(GraphProtoSchema) });
    model.graph?.node[1]?.attribute.push(body);
    expect(optimizeGraph(toBinary(ModelProtoSchema, model), EXACT)).toBeNull();
  });

  it('is refused when it is not a model', () => {
    expect(() => optimizeGraph(new TextEncoder().encode('not a model'), EXACT)).toThrow();
  });
});
