import type { CreateKernel, NamedTensors, PreparedBatch } from '@aerie/engine';
import { ClassOutput, type ClassOutputOptions } from '../classes/class-output.js';
import type { ClassScore } from '../classes/class-scores.js';
import type { ClassificationOptions } from './classification.options.js';
import { TensorWriter } from './tensor-writer.js';
import type { ClassificationItem } from './types.js';

/** The options that are sent to the replica's thread. */
type KernelOptions = Pick<ClassificationOptions, 'image'> & ClassOutputOptions;

/**
 * Runs in a replica's thread. Input: float32 [batch, 3, height, width] (or NHWC), output: float32 [batch, classes].
 */
export const createKernel: CreateKernel<ClassificationItem, readonly ClassScore[], KernelOptions> = ({
  session,
  options,
}) => {
  const input = session.inputs[0]?.name;
  if (input === undefined) throw new Error('The model has no input.');
  const output = new ClassOutput(session, options);
  const { width, height, layout } = options.image;
  const writer = new TensorWriter(options.image);
  const size = width * height * 3;
  // One input buffer for each batch size, because a replica runs one batch at a time and new memory costs page faults.
  const inputs = new Map<number, Float32Array>();
  const inputFor = (count: number): Float32Array => {
    const data = inputs.get(count) ?? new Float32Array(count * size);
    inputs.set(count, data);
    return data;
  };

  return {
    prepare(items: readonly ClassificationItem[]): PreparedBatch<unknown> {
      const data = inputFor(items.length);
      items.forEach((item, index) => {
        writer.write(item.pixels, item.orientation, data, index * size);
      });
      const dims = layout === 'nchw' ? [items.length, 3, height, width] : [items.length, height, width, 3];
      return { feeds: { [input]: { dtype: 'float32', dims, data } }, state: items };
    },

    finish(outputs: NamedTensors, state: unknown) {
      const items = state as readonly ClassificationItem[];
      const counts = items.map(({ topK }) => topK);
      return { results: output.top(outputs, counts).map((value) => ({ ok: true, value }) as const) };
    },
  };
};
