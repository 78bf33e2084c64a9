import { fuseGelu } from './fuse-gelu.js';
import { ModelGraph } from './model-graph.js';
import { quantizeMatMuls } from './quantize-matmuls.js';
import { trimInputs } from './trim-inputs.js';

/** Which passes run on top of those that change no more than the order of additions. */
export interface GraphOptions {
  /** MatMuls of weights stored as int8 are computed in integers; see {@link quantizeMatMuls}. */
  readonly dynamicQuantization: boolean;
  /** Whether they are computed of weights as uint8: slower where the CPU has VNNI, and right where it has not. */
  readonly unsignedWeights: boolean;
}

/**
 * Rewrites a model for ONNX Runtime's CPU kernels: what its own optimizer does not see in graphs as exporters write them
 * (ADR 5).
 *
 * @param bytes A serialized ModelProto.
 * @returns The rewritten one, or null when there is nothing to rewrite: then the file itself is to be loaded.
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
