import type { ModelGraph } from './model-graph.js';

/**
 * Drops optional inputs that are written down as empty at the end of a node. They mean nothing, but ONNX Runtime's
 * fusion of Pad into Conv asks that a third input be a constant, and so does not see a Pad with an empty one.
 *
 * @returns How many nodes changed.
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
