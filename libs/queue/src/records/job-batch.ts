/** Many items that were submitted at once: each is a job of its own. Not to be taken for the batches of a model. */
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
