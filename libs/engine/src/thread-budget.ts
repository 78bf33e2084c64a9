/** On the CPU, more replicas than this gain little and cost a session's memory each. */
const MAX_DEFAULT_REPLICAS = 8;

/** Threads of a pool. */
export interface ThreadBudget {
  readonly replicas: number;
  readonly intraOpThreads: number;
}

/** Inputs for the number of threads of a pool. */
export interface ThreadBudgetRequest {
  /** CPU cores that inference may use, at least 1. */
  readonly cores: number;
  /** Number of GPUs that the pool's first provider can use; 0 on the CPU. */
  readonly gpus: number;
  readonly replicas: number | undefined;
  readonly intraOpThreads: number | undefined;
}

/**
 * Fills in missing values so that replicas x intraOpThreads does not exceed the cores:
 * oversubscribed ONNX Runtime threads slow each other down. On GPUs there is one replica per GPU.
 */
export function threadBudget({ cores, gpus, replicas, intraOpThreads }: ThreadBudgetRequest): ThreadBudget {
  const fitting = gpus > 0 ? gpus : Math.min(Math.floor(cores / (intraOpThreads ?? 1)), MAX_DEFAULT_REPLICAS);
  const count = Math.max(1, replicas ?? fitting);
  return { replicas: count, intraOpThreads: Math.max(1, intraOpThreads ?? Math.floor(cores / count)) };
}
