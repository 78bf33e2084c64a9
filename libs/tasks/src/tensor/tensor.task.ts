import { z } from 'zod';
import type { TaskDefinition } from '../task-definition.js';

const tensorOptionsSchema = z.strictObject({}).prefault({});

/** Any ONNX model, served as its own inputs and outputs. */
export const tensorTask: TaskDefinition<'tensor', z.infer<typeof tensorOptionsSchema>> = {
  kind: 'tensor',
  optionsSchema: tensorOptionsSchema,
  kernelUrl: new URL('./tensor.kernel.js', import.meta.url).href,
  prepare: () =>
    Promise.resolve({
      kind: 'tensor',
      kernelOptions: {},
      details: {},
      // What a sensible input looks like is known to callers only.
      warmupItems: [],
      costOf: () => 1,
      buffersOf: () => [],
    }),
};
