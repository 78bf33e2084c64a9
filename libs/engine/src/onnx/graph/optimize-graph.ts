import { fuseGelu } from './fuse-gelu.js';
import { ModelGraph } from './model-graph.js';
import { quantizeMatMuls } from './quantize-matmuls.js';
import { trimInputs } from './trim-inputs.js';

/** Which passes run on top of those that change no more than the order of additions. */
export interface GraphOptions {
  /** MatMuls of weights stored as int8 are computed in integers; see {@link quantizeMatMuls}. */
  readonly dynamicQuantization: boolean;
}

/**
 * Rewrites a model for ONNX Runtime's CPU kernels: what its own optimizer does not see in graphs as exporters write them
 * (ADR 5).
 *
 * @param bytes A serialized ModelProto.
 * @returns The rewritten one, or null when there is nothing to rewrite: then the file itself is to be loaded.
 */
export function optimizeGraph(bytes: Uint8Array, { dynamicQuantization }: GraphOptions): Uint8Array | null {
  const graph = new ModelGraph(bytes);
  if (!graph.isSelfContained) return null;
  const changes = trimInputs(graph) + fuseGelu(graph) + (dynamicQuantization ? quantizeMatMuls(graph) : 0);
  if (changes === 0) return null;
  graph.dropUnused();
  return graph.serialize();
}
