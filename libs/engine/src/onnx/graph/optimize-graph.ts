import { fuseGelu } from './fuse-gelu.js';
import { ModelGraph } from './model-graph.js';
import { quantizeMatMuls } from './quantize-matmuls.js';

/** Passes to run in addition to those that change only the order of additions. */
export interface GraphOptions {
  /** MatMuls of weights stored as int8 are computed in integers; see {@link quantizeMatMuls}. */
  readonly dynamicQuantization: boolean;
  /** Whether weights are stored as uint8: slower on CPUs with VNNI, but correct on those without. */
  readonly unsignedWeights: boolean;
}

/**
 * Rewrites a model for ONNX Runtime's CPU kernels, for patterns of exporters that its own optimizer does not recognize
 * (ADR 5).
 *
 * @param bytes A serialized ModelProto.
 * @returns The rewritten model, or null if there is nothing to rewrite: then load the file itself.
 */
export function optimizeGraph(bytes: Uint8Array, options: GraphOptions): Uint8Array | null {
  const graph = new ModelGraph(bytes);
  if (!graph.isSelfContained) return null;
  const quantized = options.dynamicQuantization ? quantizeMatMuls(graph, options) : 0;
  const changes = trimInputs(graph) + fuseGelu(graph) + quantized;
  if (changes === 0) return null;
  graph.dropUnused();
  return graph.serialize();
}

/**
 * Drops empty optional inputs at the end of a node. They have no meaning, but ONNX Runtime's
 * fusion of Pad into Conv requires a third input to be a constant, and therefore skips a Pad with an empty one.
 *
 * @returns The number of nodes changed.
 */
function trimInputs({ nodes }: ModelGraph): number {
  let changed = 0;
  for (const { input } of nodes) {
    const length = input.length;
    while (input.at(-1) === '') input.pop();
    if (input.length < length) changed++;
  }
  return changed;
}
