import type { NamedTensors } from '@aerie/engine';

/** Inputs of one request for a model served as raw tensors. */
export interface TensorItem {
  readonly inputs: NamedTensors;
}

/** Outputs of one request. */
export interface TensorResult {
  readonly outputs: NamedTensors;
}
