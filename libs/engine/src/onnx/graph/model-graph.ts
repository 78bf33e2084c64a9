import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataLocation as DataLocation,
  type TensorProto,
} from './onnx_pb.js';

/** Domain of ONNX Runtime's own operators. */
export const MICROSOFT_DOMAIN = 'com.microsoft';

/** Properties of a new node. */
export interface NewNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Default: ONNX's own operators. */
  readonly domain?: string;
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
}

/** An ONNX model whose graph passes rewrite. Its bytes are shared with the file's, not copied. */
export class ModelGraph {
  readonly #model: ModelProto;
  #nodes: NodeProto[];
  #producers = new Map<string, NodeProto>();
  readonly #initializers: Map<string, TensorProto>;

  /** @param bytes A serialized ModelProto. @throws Error if it is invalid. */
  constructor(bytes: Uint8Array) {
    // A plain Uint8Array, because slices of a Buffer are not copies.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#model = fromBinary(ModelProtoSchema, plain);
    const graph = this.#model.graph;
    if (graph === undefined) throw new Error('The model has no graph.');
    this.#nodes = graph.node;
    this.#initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
    this.#indexProducers();
  }

  get nodes(): readonly NodeProto[] {
    return this.#nodes;
  }

  /** Whether these bytes contain the whole model: no weights in other files, no graphs within nodes. */
  get isSelfContained(): boolean {
    const inline = [...this.#initializers.values()].every(
      ({ dataLocation }) => dataLocation !== DataLocation.EXTERNAL,
    );
    return inline && this.#nodes.every(({ attribute }) => attribute.every(({ g }) => g === undefined));
  }

  /** The node that has the output with this name. */
  producer(name: string | undefined): NodeProto | undefined {
    return name === undefined ? undefined : this.#producers.get(name);
  }

  initializer(name: string | undefined): TensorProto | undefined {
    return name === undefined ? undefined : this.#initializers.get(name);
  }

  /** Version of ONNX's own operators, 0 if the model does not declare it. */
  get opset(): number {
    return Number(
      this.#model.opsetImport.find(({ domain }) => !domain || domain === 'ai.onnx')?.version ?? 0,
    );
  }

  /** Adds weights under their name. */
  addInitializer(tensor: TensorProto): void {
    this.#initializers.set(tensor.name, tensor);
  }

  /** Replaces nodes by others, in order. */
  replace(replacements: ReadonlyMap<NodeProto, readonly NodeProto[]>): void {
    this.#nodes = this.#nodes.flatMap((node) => replacements.get(node) ?? [node]);
    this.#indexProducers();
    if (this.#nodes.some(({ domain }) => domain === MICROSOFT_DOMAIN)) this.#importMicrosoft();
  }

  /** Drops nodes and weights that nothing uses, from the end to the beginning. */
  dropUnused(): void {
    const used = new Set(this.#model.graph?.output.map(({ name }) => name));
    const kept: NodeProto[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.output.some((name) => used.has(name))) continue;
      for (const name of node.input) used.add(name);
      kept.push(node);
    }
    this.#nodes = kept.reverse();
    this.#indexProducers();
    for (const name of this.#initializers.keys()) if (!used.has(name)) this.#initializers.delete(name);
  }

  /** Serializes the current model. */
  serialize(): Uint8Array {
    const { graph } = this.#model;
    if (graph === undefined) throw new Error('The model has no graph.');
    graph.node = this.#nodes;
    graph.initializer = [...this.#initializers.values()];
    return toBinary(ModelProtoSchema, this.#model);
  }

  #indexProducers(): void {
    this.#producers = new Map(this.#nodes.flatMap((node) => node.output.map((name) => [name, node])));
  }

  #importMicrosoft(): void {
    const { opsetImport } = this.#model;
    if (opsetImport.some(({ domain }) => domain === MICROSOFT_DOMAIN)) return;
    opsetImport.push(create(OperatorSetIdProtoSchema, { domain: MICROSOFT_DOMAIN, version: 1n }));
  }
}

/** A node with one output, named after it. */
export function newNode({ op, inputs, output, domain, ints = {} }: NewNode): NodeProto {
  return create(NodeProtoSchema, {
    name: output,
    opType: op,
    input: [...inputs],
    output: [output],
    ...(domain === undefined ? {} : { domain }),
    attribute: Object.entries(ints).map(([name, value]) =>
      typeof value === 'number'
        ? create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) })
        : create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) }),
    ),
  });
}

/** Whether a node is one of ONNX's own operators with that name. */
export function isOp(node: NodeProto | undefined, op: string): node is NodeProto {
  return node?.opType === op && node.domain === '';
}
