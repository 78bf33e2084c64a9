/** One batch that ended, for metrics. Times in milliseconds. */
export interface InferenceEvent {
  readonly model: string;
  readonly version: string;
  /** Items in the batch. */
  readonly batchSize: number;
  /** How long each item had waited when the batch started. */
  readonly queueMs: readonly number[];
  /** The three stages are 0 for a failed batch. */
  readonly preprocessMs: number;
  readonly computeMs: number;
  readonly postprocessMs: number;
  readonly outcome: 'success' | 'failure';
}

/** Called once for each batch that ended. Must not throw. */
export type InferenceListener = (event: InferenceEvent) => void;
