import { isOp, MICROSOFT_DOMAIN, type ModelGraph, newNode } from './model-graph.js';
import type { NodeProto } from './onnx_pb.js';
import { float32Scalar } from './tensor-data.js';

const TOLERANCE = 1e-4;

/**
 * Fuses `x * (0.5 * (1 + erf(x / sqrt(2))))` into one operator. PyTorch's exporter writes this order, which ONNX Runtime's
 * fusion does not recognize: it looks for `(x * (1 + erf(x / sqrt(2)))) * 0.5`.
 *
 * @returns The number of operators created.
 */
export function fuseGelu(graph: ModelGraph): number {
  const replacements = new Map<NodeProto, readonly NodeProto[]>();
  for (const node of graph.nodes) {
    const x = geluInput(graph, node);
    const output = node.output[0];
    if (x === null || output === undefined) continue;
    replacements.set(node, [newNode({ op: 'Gelu', inputs: [x], output, domain: MICROSOFT_DOMAIN })]);
  }
  if (replacements.size > 0) graph.replace(replacements);
  return replacements.size;
}

/** The x of a Gelu whose last node this is. */
function geluInput(graph: ModelGraph, last: NodeProto): string | null {
  if (!isOp(last, 'Mul')) return null;
  for (const [x, halved] of bothWays(last)) {
    const half = constantOperand(graph, graph.producer(halved), 'Mul', 0.5);
    const sum = constantOperand(graph, graph.producer(half), 'Add', 1);
    const erf = graph.producer(sum);
    const quotient = isOp(erf, 'Erf') ? graph.producer(erf.input[0]) : undefined;
    if (!isOp(quotient, 'Div') || quotient.input[0] !== x) continue;
    if (isNear(float32Scalar(graph.initializer(quotient.input[1])), Math.SQRT2)) return x;
  }
  return null;
}

/** The other operand of a node that adds or multiplies that constant. */
function constantOperand(
  graph: ModelGraph,
  node: NodeProto | undefined,
  op: string,
  constant: number,
): string | undefined {
  if (!isOp(node, op)) return undefined;
  return bothWays(node).find(([, other]) => isNear(float32Scalar(graph.initializer(other)), constant))?.[0];
}

function bothWays({ input: [a = '', b = ''] }: NodeProto): readonly (readonly [string, string])[] {
  return [
    [a, b],
    [b, a],
  ];
}

function isNear(value: number | null, expected: number): boolean {
  return value !== null && Math.abs(value - expected) < TOLERANCE;
}
