import type { ModelGraph } from './model-graph.js';

/**
 * Drops empty optional inputs at the end of a node. They have no meaning, but ONNX Runtime's
 * fusion of Pad into Conv requires a third input to be a constant, and therefore skips a Pad with an empty one.
 *
 * @returns The number of nodes changed.
 */
export function trimInputs({ nodes }: ModelGraph): number {
  let changed = 0;
  for (const { input } of nodes) {
    const length = input.length;
    while (input.at(-1) === '') input.pop();
    if (input.length < length) changed++;
  }
  return changed;
}
