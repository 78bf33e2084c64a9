/** A job batch: items that were submitted together, each as a separate job. Not a batch of a model. */
export interface JobBatch {
  readonly v: 1;
  readonly id: string;
  readonly task: string;
  readonly model: string | null;
  /** Items that were submitted. */
  readonly total: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly cancelRequested: boolean;
}
