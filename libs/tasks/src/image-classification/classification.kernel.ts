import { AerieError } from '@aerie/contracts';
import type { CreateKernel, ItemResult, NamedTensors, PreparedBatch, TensorMetadata } from '@aerie/engine';
import type { ClassificationOptions } from './classification.options.js';
import { TensorWriter } from './tensor-writer.js';
import { activate, selectTop } from './top-k.js';
import type { ClassificationItem, ClassScore } from './types.js';

/** The options that are sent to the replica's thread. */
interface KernelOptions extends Pick<ClassificationOptions, 'image' | 'activation'> {
  /** Null without labels. */
  readonly labelCount: number | null;
}

/**
 * Runs in a replica's thread. Input: float32 [batch, 3, height, width] (or NHWC), output: float32 [batch, classes].
 */
export const createKernel: CreateKernel<ClassificationItem, readonly ClassScore[], KernelOptions> = ({
  session,
  options,
}) => {
  const input = single(session.inputs, 'input').name;
  const { name: output, shape } = single(session.outputs, 'output');
  const declared = shape.at(-1);
  if (typeof declared === 'number' && declared > 0) assertLabels(options.labelCount, declared);
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
      const scores = outputs[output]?.data;
      if (!(scores instanceof Float32Array))
        throw new Error(`The model's output "${output}" is not float32.`);
      const classes = scores.length / items.length;
      // Some models do not declare how many there are.
      assertLabels(options.labelCount, classes);
      const results = items.map((item, row): ItemResult<readonly ClassScore[]> => {
        const values = activate(scores.subarray(row * classes, (row + 1) * classes), options.activation);
        return { ok: true, value: selectTop(values, item.topK) };
      });
      return { results };
    },
  };
};

function single(tensors: readonly TensorMetadata[], role: string): TensorMetadata {
  const [tensor] = tensors;
  if (tensor === undefined) throw new Error(`The model has no ${role}.`);
  return tensor;
}

function assertLabels(labels: number | null, classes: number): void {
  if (labels === null || labels === classes) return;
  const message = `the model's output has ${String(classes)} classes, but there are ${String(labels)} labels`;
  throw new AerieError('MODEL_NOT_LOADED', message);
}
