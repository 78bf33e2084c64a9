import { create, fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { onnxModel, runOnnx } from '../../testing/onnx-models.js';
import { newNode } from './model-graph.js';
import { ModelProtoSchema, type NodeProto, type TensorProto, TensorProtoSchema } from './onnx_pb.js';
import { optimizeGraph } from './optimize-graph.js';
import { DATA_TYPE, float32Tensor } from './tensor-data.js';

const SIGNED = { dynamicQuantization: true, unsignedWeights: false };
const UNSIGNED = { dynamicQuantization: true, unsignedWeights: true };
const [ROWS, INNER, COLUMNS] = [3, 16, 8];

/** Numbers in -1..1 that look random and are the same every time. */
const number = (at: number): number => Math.sin(at * 12.9898) * Math.cos(at * 4.1414);
/** The largest weight of which two products with 255 fit into int16, as some CPUs add them. */
const LARGEST_EXACT = 64;
const WEIGHT = Int8Array.from({ length: INNER * COLUMNS }, (_, at) =>
  Math.round(number(at + 1) * LARGEST_EXACT),
);
const ACTIVATION = Float32Array.from({ length: ROWS * INNER }, (_, at) => number(at + 500) * 3 + 1);

function int8Tensor(name: string, data: Int8Array, dims: readonly number[]): TensorProto {
  const rawData = new Uint8Array(data.buffer) as Uint8Array<ArrayBuffer>;
  return create(TensorProtoSchema, { name, dataType: DATA_TYPE.INT8, dims: dims.map(BigInt), rawData });
}

const scales = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, at) => 0.01 + at * 0.001);
const CAST = newNode({ op: 'Cast', inputs: ['w'], output: 'wide', ints: { to: DATA_TYPE.FLOAT } });
const MATMUL = newNode({ op: 'MatMul', inputs: ['x', 'weight'], output: 'y' });
const multiply = (...inputs: string[]): NodeProto => newNode({ op: 'Mul', inputs, output: 'weight' });
const dequantize = (axis: number, ...inputs: string[]): NodeProto =>
  newNode({ op: 'DequantizeLinear', inputs, output: 'weight', ints: { axis } });

function model(
  nodes: readonly NodeProto[],
  scale: TensorProto,
  {
    opset = 17,
    zeroPoint,
    weight = WEIGHT,
  }: { opset?: number; zeroPoint?: Int8Array; weight?: Int8Array } = {},
): Uint8Array {
  const initializers = [int8Tensor('w', weight, [INNER, COLUMNS]), scale];
  if (zeroPoint !== undefined) initializers.push(int8Tensor('zero', zeroPoint, [zeroPoint.length]));
  return onnxModel({ nodes, initializers, inputShape: ['rows', INNER], opset });
}

const PER_COLUMN = float32Tensor('s', scales(COLUMNS), [1, COLUMNS]);
const MULTIPLIED = model([CAST, multiply('wide', 's'), MATMUL], PER_COLUMN);

const opsOf = (bytes: Uint8Array | null): readonly string[] =>
  fromBinary(ModelProtoSchema, bytes ?? new Uint8Array()).graph?.node.map(({ opType }) => opType) ?? [];

/** The rewritten model. Throws if there was nothing to rewrite. */
function quantized(bytes: Uint8Array, options = SIGNED): Uint8Array {
  const rewritten = optimizeGraph(bytes, options);
  if (rewritten === null) throw new Error('Nothing was rewritten.');
  return rewritten;
}

/** Largest error as a share of the largest value. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  const most = (values: Float32Array): number =>
    values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return most(expected.map((value, at) => value - (actual[at] ?? Number.NaN))) / most(expected);
}

const vector = float32Tensor('s', scales(COLUMNS), [COLUMNS]);

describe.each([
  ['signed', SIGNED],
  ['unsigned', UNSIGNED],
])('dynamic quantization with %s weights', (_, options) => {
  it.each([
    ['Cast times a scale per column', MULTIPLIED],
    ['a scale per column times Cast', model([CAST, multiply('s', 'wide'), MATMUL], vector)],
    ['Cast times one scale', model([CAST, multiply('wide', 's'), MATMUL], float32Tensor('s', [0.02], []))],
    ['DequantizeLinear by columns', model([dequantize(1, 'w', 's'), MATMUL], vector)],
    [
      'DequantizeLinear with zero points of 0',
      model([dequantize(1, 'w', 's', 'zero'), MATMUL], vector, { zeroPoint: new Int8Array(COLUMNS) }),
    ],
    [
      'opset 18, whose reductions take axes as an input',
      model([CAST, multiply('wide', 's'), MATMUL], vector, { opset: 18 }),
    ],
  ])('computes in integers what is stored as %s', async (__, bytes) => {
    const rewritten = quantized(bytes, options);
    expect(opsOf(rewritten)).toContain('MatMulIntegerToFloat');
    expect(opsOf(rewritten)).not.toContain('MatMul');
    const [expected, actual] = [
      await runOnnx(bytes, ACTIVATION, [ROWS, INNER]),
      await runOnnx(rewritten, ACTIVATION, [ROWS, INNER]),
    ];
    expect(relativeError(actual, expected)).toBeLessThan(0.01);
    expect(relativeError(actual, expected)).toBeGreaterThan(0);
  });

  it('computes the same bits for a row, regardless of the other rows', async () => {
    const rewritten = quantized(MULTIPLIED, options);
    const company = ACTIVATION.map((value, at) => (at < INNER ? value : value * 1000));
    const alone = await runOnnx(rewritten, ACTIVATION.slice(0, INNER), [1, INNER]);
    const together = await runOnnx(rewritten, company, [ROWS, INNER]);
    expect(together.slice(0, COLUMNS)).toEqual(alone);
  });

  it.each([0, 5, -5])('is correct for rows in which every value is %d', async (value) => {
    const x = new Float32Array(INNER).fill(value);
    const expected = await runOnnx(MULTIPLIED, x, [1, INNER]);
    const actual = await runOnnx(quantized(MULTIPLIED, options), x, [1, INNER]);
    for (const [at, each] of expected.entries()) expect(actual[at]).toBeCloseTo(each, 4);
  });

  it('stores a weight once for all its products', () => {
    const second = newNode({ op: 'MatMul', inputs: ['x', 'weight'], output: 'z' });
    const sum = newNode({ op: 'Add', inputs: ['z', 'y0'], output: 'y' });
    const first = newNode({ op: 'MatMul', inputs: ['x', 'weight'], output: 'y0' });
    const rewritten = quantized(
      model([CAST, multiply('wide', 's'), first, second, sum], PER_COLUMN),
      options,
    );
    const weights = fromBinary(ModelProtoSchema, rewritten).graph?.initializer.filter(
      ({ rawData }) => rawData.length === INNER * COLUMNS,
    );
    expect(weights).toHaveLength(1);
  });
});

describe('dynamic quantization', () => {
  it('is correct with the largest weights, which is not true of signed ones on every CPU', async () => {
    const weight = new Int8Array(INNER * COLUMNS).map((_, at) => (at % 3 === 0 ? -128 : 127));
    const bytes = model([CAST, multiply('wide', 's'), MATMUL], PER_COLUMN, { weight });
    const [expected, actual] = [
      await runOnnx(bytes, ACTIVATION, [ROWS, INNER]),
      await runOnnx(quantized(bytes, UNSIGNED), ACTIVATION, [ROWS, INNER]),
    ];
    expect(relativeError(actual, expected)).toBeLessThan(0.01);
  });

  it('quantizes an activation once for all its products, and drops unused nodes', () => {
    const second = newNode({ op: 'MatMul', inputs: ['x', 'weight'], output: 'z' });
    const sum = newNode({ op: 'Add', inputs: ['z', 'y0'], output: 'y' });
    const first = newNode({ op: 'MatMul', inputs: ['x', 'weight'], output: 'y0' });
    const ops = opsOf(quantized(model([CAST, multiply('wide', 's'), first, second, sum], PER_COLUMN)));
    expect(ops.filter((op) => op === 'QuantizeLinear')).toHaveLength(1);
    expect(ops.filter((op) => op === 'MatMulIntegerToFloat')).toHaveLength(2);
    expect(ops).not.toContain('Cast');
  });

  const perRow = float32Tensor('s', scales(INNER), [INNER, 1]);
  const rowVector = float32Tensor('s', scales(INNER), [INNER]);
  it.each([
    ['scales by rows', model([CAST, multiply('wide', 's'), MATMUL], perRow)],
    ['DequantizeLinear by rows', model([dequantize(0, 'w', 's'), MATMUL], rowVector)],
    [
      'zero points',
      model([dequantize(1, 'w', 's', 'zero'), MATMUL], vector, { zeroPoint: new Int8Array(COLUMNS).fill(3) }),
    ],
    ['an opset before 13', model([CAST, multiply('wide', 's'), MATMUL], vector, { opset: 12 })],
  ])('leaves weights with %s as they are', (_, bytes) => {
    expect(optimizeGraph(bytes, SIGNED)).toBeNull();
  });

  it('happens only on request', () => {
    expect(optimizeGraph(MULTIPLIED, { ...SIGNED, dynamicQuantization: false })).toBeNull();
  });
});
