import type { NamedTensors } from '@aerie/engine';

/** Inputs of one request for a model served as raw tensors. */
export interface TensorItem {
  readonly inputs: NamedTensors;
}

/** Outputs of one request. */
export interface TensorResult {
  readonly outputs: NamedTensors;
}

/** Types of the task. */
export interface TensorTypes {
  readonly item: TensorItem;
  readonly result: TensorResult;
  readonly details: Readonly<Record<string, never>>;
}
