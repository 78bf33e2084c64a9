import { z } from 'zod';
import type { BatchTask } from '../task-definition.js';
import type { TensorTypes } from './types.js';

const tensorOptionsSchema = z.strictObject({}).prefault({});

/** The task of any ONNX model that is served by its own inputs and outputs. */
export const tensorTask: BatchTask<'tensor', z.infer<typeof tensorOptionsSchema>, TensorTypes> = {
  kind: 'tensor',
  description: 'Runs any ONNX model on raw tensors.',
  routes: [],
  optionsSchema: tensorOptionsSchema,
  kernelUrl: new URL('./tensor.kernel.js', import.meta.url).href,
  // Nothing is known of the dimensions of raw tensors, so they cannot be put together.
  maxBatchSize: 1,
  // The tensors of any model can be served unchanged.
  detect: () => Promise.resolve({ load: 'lazy' }),
  prepare: () =>
    Promise.resolve({
      kernelOptions: {},
      details: {},
      // Only callers know what a sensible input is.
      trialItems: [],
      costOf: () => 1,
      buffersOf: () => [],
    }),
};
