import type { GpuInfo } from '@aerie/model-registry';

/** Injection token of {@link ListGpus}. */
export const LIST_GPUS = Symbol('LIST_GPUS');

/** The GPUs of the machine, at most a few seconds old; none without nvidia-smi. */
export type ListGpus = () => Promise<readonly GpuInfo[]>;

/** Injection token of this process's `OrtBinding`. */
export const ORT_BINDING = Symbol('ORT_BINDING');
