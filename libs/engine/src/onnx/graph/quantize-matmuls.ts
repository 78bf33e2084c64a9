import { isOp, MICROSOFT_DOMAIN, type ModelGraph, newNode } from './model-graph.js';
import type { NodeProto, TensorProto } from './onnx_pb.js';
import {
  float32Data,
  float32Tensor,
  int64Tensor,
  int8Data,
  uint8Scalar,
  uint8Tensor,
} from './tensor-data.js';

/** From this opset on, ReduceMin and ReduceMax take their axes as an input. */
const AXES_AS_INPUT = 18;
/** QuantizeLinear as used here. */
const LEAST_OPSET = 13;
/** Activations use the whole range of uint8; a smaller scale would divide by zero in rows of equal values. */
const LEAST_SCALE = 1e-12;
const CONSTANTS = {
  levels: 'aerie.quantize.1/255',
  least: 'aerie.quantize.least_scale',
  one: 'aerie.quantize.one',
  zeroPoint: 'aerie.quantize.zero_point',
  weightZeroPoint: 'aerie.quantize.weight_zero_point',
  axes: 'aerie.quantize.axes',
} as const;
/** Offset that stores an int8 as uint8. */
const UNSIGNED_OFFSET = 128;

/** A weight stored as int8 with one scale in all or one per column: `[rows, columns]`. */
interface StoredWeight {
  readonly name: string;
  readonly data: Int8Array;
  readonly columns: number;
  readonly scales: Float32Array;
  /** Sum of each column, scaled: the product with activations of 1. */
  readonly columnSums: Float32Array;
}

/** A quantized activation; all three fields are names of values. */
interface QuantizedRows {
  readonly levels: string;
  readonly scale: string;
  readonly minimum: string;
}

/**
 * Dynamic quantization for models whose weights are stored as int8 and widened before use: the activations of each such
 * MatMul are quantized to uint8 at run time, every row (token) with its own scale and minimum, and the product is
 * computed in integers. It works per row, not per tensor like ONNX Runtime's own dynamic quantization, so that a row's
 * result does not depend on the rest of the batch.
 *
 * With `x = scale * q + minimum`: `x . W = scale * (q . W) + minimum * columnSums(W)`.
 *
 * @param unsignedWeights Weights become uint8 with a zero point of 128. On x64 without VNNI, ONNX Runtime adds pairs of
 * products of uint8 and int8 in int16, which saturates (255 * 127 * 2 > 32767); for uint8 and uint8 it does not.
 * @returns The number of operators created.
 */
export function quantizeMatMuls(
  graph: ModelGraph,
  { unsignedWeights }: { unsignedWeights: boolean },
): number {
  if (graph.opset < LEAST_OPSET) return 0;
  const quantized = new Map<string, QuantizedRows>();
  const replacements = new Map<NodeProto, readonly NodeProto[]>();
  for (const node of graph.nodes) {
    const weight = isOp(node, 'MatMul') ? storedWeight(graph, node.input[1]) : null;
    const [x, output] = [node.input[0], node.output[0]];
    if (weight === null || x === undefined || output === undefined) continue;
    const before: NodeProto[] = [];
    let rows = quantized.get(x);
    if (rows === undefined) {
      rows = quantizeRows(graph.opset, x, before);
      quantized.set(x, rows);
    }
    replacements.set(node, [...before, ...integerProduct(graph, rows, weight, output, unsignedWeights)]);
  }
  if (replacements.size === 0) return 0;
  addConstants(graph, unsignedWeights);
  graph.replace(replacements);
  return replacements.size;
}

/** Weights that reach a MatMul as `Cast(int8) * scale` or as DequantizeLinear without a zero point. */
function storedWeight(graph: ModelGraph, value: string | undefined): StoredWeight | null {
  const widened = graph.producer(value);
  if (isOp(widened, 'DequantizeLinear')) return dequantizedWeight(graph, widened);
  return isOp(widened, 'Mul') ? multipliedWeight(graph, widened) : null;
}

function dequantizedWeight(graph: ModelGraph, node: NodeProto): StoredWeight | null {
  const [weight, scale, zeroPoint] = node.input;
  if (!isZero(graph.initializer(zeroPoint)) || !scalesColumns(node)) return null;
  return readWeight(graph.initializer(weight), graph.initializer(scale));
}

function multipliedWeight(graph: ModelGraph, { input: [a, b] }: NodeProto): StoredWeight | null {
  const [cast, scale] = isOp(graph.producer(a), 'Cast') ? [graph.producer(a), b] : [graph.producer(b), a];
  return isOp(cast, 'Cast') ? readWeight(graph.initializer(cast.input[0]), graph.initializer(scale)) : null;
}

/** DequantizeLinear's axis, which matters for a vector of scales; default 1, the columns. */
function scalesColumns({ attribute }: NodeProto): boolean {
  return attribute.every(({ name, i }) => (name === 'axis' ? i === 1n || i === -1n : name !== 'block_size'));
}

function isZero(zeroPoint: TensorProto | undefined): boolean {
  return zeroPoint === undefined || int8Data(zeroPoint)?.every((value) => value === 0) === true;
}

function readWeight(weight: TensorProto | undefined, scale: TensorProto | undefined): StoredWeight | null {
  const data = int8Data(weight);
  const scales = float32Data(scale);
  if (weight === undefined || data === null || scales === null || weight.dims.length !== 2) return null;
  const columns = Number(weight.dims[1]);
  const perColumn = scales.length === columns && Number(scale?.dims.at(-1) ?? 1) === columns;
  if (!perColumn && scales.length !== 1) return null;
  const all = perColumn ? scales : new Float32Array(columns).fill(scales[0] as number);
  return { name: weight.name, data, columns, scales: all, columnSums: sumColumns(data, all) };
}

function sumColumns(data: Int8Array, scales: Float32Array): Float32Array {
  const columns = scales.length;
  const sums = new Int32Array(columns);
  for (let row = 0; row < data.length; row += columns) {
    for (let column = 0; column < columns; column++) {
      sums[column] = (sums[column] as number) + (data[row + column] as number);
    }
  }
  return scales.map((scale, column) => scale * (sums[column] as number));
}

function quantizeRows(opset: number, x: string, nodes: NodeProto[]): QuantizedRows {
  const node = (op: string, suffix: string, ...inputs: string[]): string => {
    const output = `${x}.quantize.${suffix}`;
    nodes.push(newNode({ op, inputs, output }));
    return output;
  };
  const reduce = (op: string, suffix: string): string => {
    const output = `${x}.quantize.${suffix}`;
    nodes.push(
      opset < AXES_AS_INPUT
        ? newNode({ op, inputs: [x], output, ints: { axes: [-1], keepdims: 1 } })
        : newNode({ op, inputs: [x, CONSTANTS.axes], output, ints: { keepdims: 1 } }),
    );
    return output;
  };
  const minimum = reduce('ReduceMin', 'minimum');
  const range = node('Sub', 'range', reduce('ReduceMax', 'maximum'), minimum);
  const scale = node('Max', 'scale', node('Mul', 'step', range, CONSTANTS.levels), CONSTANTS.least);
  const above = node('Div', 'fraction', node('Sub', 'above', x, minimum), scale);
  return {
    levels: node('QuantizeLinear', 'levels', above, CONSTANTS.one, CONSTANTS.zeroPoint),
    scale,
    minimum,
  };
}

function integerProduct(
  graph: ModelGraph,
  { levels, scale, minimum }: QuantizedRows,
  weight: StoredWeight,
  output: string,
  unsignedWeights: boolean,
): readonly NodeProto[] {
  const { columns, scales, columnSums } = weight;
  const [scalesName, sumsName] = [`${output}.quantize.scales`, `${output}.quantize.column_sums`];
  graph.addInitializer(float32Tensor(scalesName, scales, [columns]));
  graph.addInitializer(float32Tensor(sumsName, columnSums, [columns]));
  const [product, scaled, offset] = ['product', 'scaled', 'offset'].map(
    (part) => `${output}.quantize.${part}`,
  ) as [string, string, string];
  const factors = [CONSTANTS.one, scalesName, CONSTANTS.zeroPoint];
  const inputs = unsignedWeights
    ? [levels, unsignedWeight(graph, weight), ...factors, CONSTANTS.weightZeroPoint]
    : [levels, weight.name, ...factors];
  return [
    newNode({ op: 'MatMulIntegerToFloat', inputs, output: product, domain: MICROSOFT_DOMAIN }),
    newNode({ op: 'Mul', inputs: [product, scale], output: scaled }),
    newNode({ op: 'Mul', inputs: [minimum, sumsName], output: offset }),
    newNode({ op: 'Add', inputs: [scaled, offset], output }),
  ];
}

/** Adds the weight as uint8, once. */
function unsignedWeight(graph: ModelGraph, { name, data, columns }: StoredWeight): string {
  const unsignedName = `${name}.quantize.unsigned`;
  if (graph.initializer(unsignedName) === undefined) {
    const shifted = Uint8Array.from(data, (value) => value + UNSIGNED_OFFSET);
    graph.addInitializer(uint8Tensor(unsignedName, shifted, [data.length / columns, columns]));
  }
  return unsignedName;
}

function addConstants(graph: ModelGraph, unsignedWeights: boolean): void {
  graph.addInitializer(float32Tensor(CONSTANTS.levels, [1 / 255], []));
  graph.addInitializer(float32Tensor(CONSTANTS.least, [LEAST_SCALE], []));
  graph.addInitializer(float32Tensor(CONSTANTS.one, [1], []));
  graph.addInitializer(uint8Scalar(CONSTANTS.zeroPoint, 0));
  if (unsignedWeights) graph.addInitializer(uint8Scalar(CONSTANTS.weightZeroPoint, UNSIGNED_OFFSET));
  if (graph.opset >= AXES_AS_INPUT) graph.addInitializer(int64Tensor(CONSTANTS.axes, [-1]));
}
