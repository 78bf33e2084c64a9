/** Time spent in one stage. */
export interface StageStatistics {
  readonly count: number;
  readonly totalMs: number;
  /** 0 if nothing was counted. */
  readonly averageMs: number;
  readonly maxMs: number;
}

/** Batches of one size. */
export interface BatchSizeStatistics {
  readonly batchSize: number;
  readonly count: number;
  readonly preprocessMs: number;
  readonly computeMs: number;
  readonly postprocessMs: number;
}

/** Counters of one version since the process started; unloading does not reset them. */
export interface VersionStatistics {
  readonly requests: { readonly succeeded: number; readonly failed: number };
  /** Requests that succeeded, from the submit to the results. */
  readonly total: StageStatistics;
  /** Items that ran in batches that succeeded. */
  readonly items: number;
  readonly batches: { readonly succeeded: number; readonly failed: number };
  readonly stages: {
    /** Counted by item. */
    readonly queue: StageStatistics;
    /** These three are counted by batch. */
    readonly preprocess: StageStatistics;
    readonly compute: StageStatistics;
    readonly postprocess: StageStatistics;
  };
  /** In order of size. */
  readonly batchSizes: readonly BatchSizeStatistics[];
  /** Requests waiting now. */
  readonly queueLength: number;
  readonly runningBatches: number;
  readonly lastInferenceAt: Date | null;
}
